"""The bootstrap installs, hands over and explains itself; a stand-in for uv keeps these trials off the network."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEV = Path(__file__).parents[1] / "dev.py"

STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv {version}"; exit; fi
echo "$@" >> "{log}"
mkdir -p "{clone}/.venv/bin" && touch "{clone}/.venv/pyvenv.cfg"
cp "{log}.command" "{clone}/.venv/bin/rakor"
exit {code}
"""
# What `rakor` says of itself: which process it is, where, and what it was asked.
COMMAND = """#!/usr/bin/env python3
import os, sys, time
print(os.getpid(), os.getcwd(), sys.argv[1:], flush=True)
if "--wait" in sys.argv: time.sleep(300)
sys.exit(7)
"""


class Clone:
    """A copy of the bootstrap in a folder with a space in its name, and what its uv was asked."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        self.tools = folder / "tools"
        self.log = folder / "asked"
        self.root.mkdir()
        self.tools.mkdir()
        shutil.copy(DEV, self.root)
        (self.tools / "python3").symlink_to(sys.executable)
        for tool in ("sh", "mkdir", "touch", "cp"):
            (self.tools / tool).symlink_to(shutil.which(tool))
        command = self.log.with_name("asked.command")
        command.write_text(COMMAND)
        command.chmod(0o755)

    def give_uv(self, *, version: str = "0.13.9", code: int = 0) -> None:
        uv = self.tools / "uv"
        uv.write_text(STAND_IN.format(version=version, log=self.log, clone=self.root, code=code))
        uv.chmod(0o755)

    def popen(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "dev.py"), *arguments],
            env={"PATH": str(self.tools), "HOME": str(self.root.parent), **environment},
            cwd=self.root.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def dev(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.popen(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def asked(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_names_the_commands_and_installs_nothing(clone, arguments):
    code, out, err = clone.dev(*arguments)

    assert (code, err) == (0, "")
    assert all(f"dev.py {verb}" in out for verb in ("demo", "test", "run"))
    assert sorted(path.name for path in clone.root.iterdir()) == ["dev.py"]


@pytest.mark.parametrize("arguments", [["dance"], ["run"]])
def test_what_it_does_not_understand_is_a_usage_error(clone, arguments):
    code, out, err = clone.dev(*arguments)

    assert (code, out) == (2, "")
    assert "dev.py demo" in err


def test_demo_becomes_the_command_itself_in_the_callers_folder(clone):
    clone.give_uv()

    process = clone.popen("demo", "--province", "63")
    out, err = process.communicate(timeout=300)

    assert out == f"{process.pid} {clone.root.parent} ['demo', '--province', '63']\n"
    assert process.returncode == 7
    assert "installing the packages" in err
    assert clone.asked() == [f"sync --project {clone.root} --frozen --inexact"]


def test_the_second_start_is_silent(clone):
    clone.give_uv()
    clone.dev("demo")

    _, _, err = clone.dev("demo")

    assert err == ""
    assert clone.asked()[1].endswith("--quiet")


def test_signals_reach_the_command(clone):
    clone.give_uv()
    process = clone.popen("demo", "--wait")
    process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert process.returncode == -signal.SIGTERM


def test_a_failed_installation_is_told_with_uvs_own_exit_code(clone):
    clone.give_uv(code=3)

    code, out, err = clone.dev("demo")

    assert (code, out) == (3, "")
    assert "could not be installed" in err


def test_a_missing_command_is_an_error_of_the_shells_kind(clone):
    clone.give_uv()

    code, _, err = clone.dev("run", "no-such-thing")

    assert code == 127
    assert "no-such-thing" in err


def test_an_account_without_a_home_keeps_its_cache_beside_the_project(clone):
    uv = clone.tools / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "uv 0.13.9" || echo "$UV_CACHE_DIR" > "{clone.log}"\n')
    uv.chmod(0o755)

    clone.dev("run", "sh", "-c", "true", HOME="/nonexistent")

    assert clone.asked() == [f"{clone.root}/.uv/cache"]


def test_without_uv_and_without_a_network_the_way_out_is_named(clone):
    clone.give_uv(version="0.4.1")  # too old for this project, so the same as none

    code, _, err = clone.dev("demo", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0", PIP_CONFIG_FILE=os.devnull)

    assert code == 1
    assert "uv could not be downloaded" in err
    assert [path.name for path in (clone.root / ".uv").iterdir()] == [".gitignore"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_somebody_elses_folder_is_refused_in_plain_words(clone):
    (clone.root / ".venv").mkdir(mode=0o555)

    code, _, err = clone.dev("demo")

    assert code == 1
    assert "belongs to another user" in err


def test_an_old_python_is_sent_away_or_replaced(clone):
    pretend = f"import runpy, sys; sys.version_info = (3, 9, 1); sys.argv = ['dev.py', 'run', 'true']; \
        runpy.run_path({str(clone.root / 'dev.py')!r}, run_name='__main__')"
    environment = {"PATH": str(clone.tools)}

    refused = subprocess.run(
        [sys.executable, "-c", pretend], env=environment, capture_output=True, text=True, check=False
    )
    newer = clone.tools / "python3.12"
    newer.write_text('#!/bin/sh\necho "newer: $2 $3"\n')
    newer.chmod(0o755)
    replaced = subprocess.run(
        [sys.executable, "-c", pretend], env=environment, capture_output=True, text=True, check=False
    )

    assert refused.returncode == 1
    assert "Python 3.11 or newer is needed, this is 3.9" in refused.stderr
    assert replaced.stdout == "newer: run true\n"


def test_pythons_too_old_to_run_it_can_still_read_it():
    ast.parse(DEV.read_text(), feature_version=(3, 7))
