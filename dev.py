#!/usr/bin/env python3
"""The two commands: `python3 dev.py demo` shows Rakor at work, `python3 dev.py test` runs every check.

Needs nothing but Python 3.11 or newer with its venv module, or uv. What must be installed is installed beside this
file: uv into `.uv/` when there is none, everything else (as uv.lock says) into `.venv/`.
"""

# Older Pythons must be able to read this file as far as the sentence that sends them away.
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
OLDEST_UV = (0, 9)
UV_VERSION = "0.13.9"
HELP = """\
Rakor: coordination hub of a province's electronic procurement

  python3 dev.py demo [options]   everything on this machine: database, simulated nodes, collection, API
  python3 dev.py test [options]   every check and test; options go to pytest
  python3 dev.py run COMMAND ...  any command in the project's environment, such as: run rakor --help

The first start installs what is needed beside this file (about 570 MB); later ones start at once.
With uv on the PATH the same is: uv run --frozen rakor demo, uv run --frozen task check
"""


class Hindered(Exception):
    """Something a person has to change first; the message says what."""


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(HELP, end="")
        return 0
    verb, rest = arguments[0], arguments[1:]
    commands = {"demo": ["rakor", "demo", *rest], "test": ["task", "check", *rest], "run": rest}
    if not commands.get(verb):
        print(HELP, end="", file=sys.stderr)
        return fail("run what?" if verb == "run" else f"there is no command “{verb}”", 2)
    try:
        become_newer_python(arguments)
        check_folder()
        code = install(find_uv() or fetch_uv())
        if code:
            return fail("the project's packages could not be installed (uv says why above)", code)
        if verb == "test":
            os.chdir(ROOT)
        return become(commands[verb])
    except Hindered as hindrance:
        return fail(str(hindrance), 1)
    except KeyboardInterrupt:
        return 130


def become_newer_python(arguments: list[str]) -> None:
    """Go on under a newer Python where this one is too old and a newer one has a usual name."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in range(19, 10, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, str(Path(__file__).resolve()), *arguments])  # noqa: S606 - no shell is wanted
    found = ".".join(map(str, sys.version_info[:2]))
    raise Hindered(f"Python 3.11 or newer is needed, this is {found}; start this file with a newer one, or install uv")


def check_folder() -> None:
    """Say plainly when somebody else's files are in the way, before a tool says it obscurely."""
    for folder in (ROOT, environment(), ROOT / ".uv"):
        if folder.exists() and not os.access(folder, os.W_OK):
            remedy = (
                "work in a clone of your own" if folder == ROOT else "have it removed, or work in a clone of your own"
            )
            raise Hindered(f"{folder} belongs to another user and cannot be written by you: {remedy}")


def environment() -> Path:
    """Where uv keeps the project's packages."""
    return ROOT / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")


def find_uv() -> str | None:
    """The uv on the PATH, unless it is too old for this project."""
    found = shutil.which("uv")
    if not found:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)\.(\d+)", said)
    return found if number and tuple(map(int, number.groups())) >= OLDEST_UV else None


def fetch_uv() -> str:
    """A uv of our own, built aside and renamed when complete: an interrupted start leaves nothing half done."""
    home = ROOT / ".uv" / UV_VERSION
    uv = home / "bin" / "uv"
    if uv.exists():
        return str(uv)
    say(f"installing uv {UV_VERSION} into .uv (once)")
    fresh = home.with_name(f"{UV_VERSION}.{os.getpid()}")
    keep_to_ourselves(home.parent)
    try:
        run_quietly(
            [sys.executable, "-m", "venv", str(fresh)],
            "Python's venv module is missing or broken (on Debian and Ubuntu: apt install python3-venv), "
            "and there is no uv on the PATH",
        )
        pip = [str(fresh / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        retries = [] if "PIP_RETRIES" in os.environ else ["--retries", "5"]
        run_quietly(
            [*pip, *retries, "--only-binary=:all:", f"uv=={UV_VERSION}"],
            "uv could not be downloaded: is this machine online? A uv on the PATH does as well",
        )
        if not home.exists():
            fresh.rename(home)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return str(uv)


def keep_to_ourselves(folder: Path) -> None:
    """Out of sight of git, and of the linters that follow it."""
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")


def install(uv: str) -> int:
    """Bring the environment to what uv.lock says; takes a few hundredths of a second when it is already there."""
    settings = dict(os.environ)
    settings.pop("VIRTUAL_ENV", None)  # another project's environment is none of our business
    new = not (environment() / "pyvenv.cfg").exists()
    if new:
        say("installing the packages of uv.lock into .venv (once)")
        settings.setdefault("UV_PYTHON", sys.executable)
    if not has_cache_place():
        settings["UV_CACHE_DIR"] = str(ROOT / ".uv" / "cache")
        keep_to_ourselves(ROOT / ".uv")
    quiet = [] if new else ["--quiet"]
    return subprocess.run(
        [uv, "sync", "--project", str(ROOT), "--frozen", "--inexact", *quiet], env=settings, check=False
    ).returncode


def has_cache_place() -> bool:
    """Whether uv's usual cache can be written: some accounts have no home, or one that does not exist."""
    if any(os.environ.get(name) for name in ("UV_CACHE_DIR", "UV_NO_CACHE", "XDG_CACHE_HOME")):
        return True
    try:
        home = Path.home()
    except RuntimeError:
        return False
    return home.is_absolute() and os.access(home, os.W_OK)


def become(command: list[str]) -> int:
    """Replace ourselves, as `uv run` would not: whoever started or kills this process has the real one."""
    binaries = environment() / "bin"
    os.environ["VIRTUAL_ENV"] = str(environment())
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - the shell's place is what we give up here
    except OSError as error:
        return fail(f"{command[0]}: {error.strerror}", 127)


def run_quietly(command: list[str], complaint: str) -> None:
    """Show what a tool has to say only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Hindered(f"{done.stdout.strip()}\n{complaint}")


def say(text: str, colour: str = "36") -> None:
    """On standard error: standard output belongs to the command."""
    plain = "NO_COLOR" in os.environ or not sys.stderr.isatty()
    print(f"rakor: {text}" if plain else f"\033[1;{colour}mrakor\033[0m  {text}", file=sys.stderr, flush=True)


def fail(text: str, code: int) -> int:
    say(text, "31")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
