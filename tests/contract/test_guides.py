"""Every command of the guides is run, as it stands there, against a hub that holds one collected node."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from tests.contract.serving import fill, serving
from tests.records import cloned

GUIDES = sorted((Path(__file__).parents[2] / "app" / "guides").glob("*.md"))
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOLD = "http://127.0.0.1:8000"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the guides ask by curl")


@pytest.fixture(scope="module")
def hub(server, template):
    with cloned(server, template) as urls:
        fill(urls.app)
        settings = Settings(_env_file=None, database_url=urls.app, migration_url=urls.owner, log_level="error")
        with serving(settings) as address:
            yield address


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_what_a_guide_says_works(guide, hub, server, template, tmp_path):
    blocks = BLOCK.findall(guide.read_text())
    with cloned(server, template) as copy:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "RAKOR_DATA_DIR": str(tmp_path / "data"),
        }
        for language, text in blocks:
            asked = text.replace(TOLD, hub)
            # As they are for who has installed the hub; the copy goes where the test may put it.
            asked = asked.replace(
                "rakor mirror", f"{shlex.quote(sys.executable)} -m app.cli mirror --into {shlex.quote(copy.owner)}"
            )
            # A refusal is not what a guide shows, unless it says so.
            asked = asked.replace("curl ", "curl -f " if "limit=0" not in asked else "curl ")
            command = (
                [sys.executable, "-c", asked] if language == "python" else ["bash", "-euo", "pipefail", "-c", asked]
            )
            run = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert run.returncode == 0, f"{text}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
            assert run.stdout or list(tmp_path.iterdir()), text


def test_every_guide_is_on_the_list_and_every_link_leads_somewhere():
    listed = (GUIDES[0].parent / "README.md").read_text()
    for guide in GUIDES:
        for target in re.findall(r"\]\(([^)#:]+)\)", guide.read_text()):
            assert (guide.parent / target).exists(), f"{guide.name}: {target}"
        assert guide.name == "README.md" or f"({guide.name})" in listed
