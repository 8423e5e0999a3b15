"""schemathesis, a tool nobody here wrote, holds the running API against its contract and finds nothing."""

import subprocess
import sys

import pytest

from tests.contract.serving import fill, serving

HANGING_SECONDS = 1200
"""It takes some fifteen; a machine that is busy with other things may take its time."""


@pytest.fixture
def key(database_urls):
    return fill(database_urls.app)


@pytest.mark.parametrize(
    "phases",
    [
        pytest.param("examples,fuzzing", id="some"),
        # Every parameter at all of its edges are thousands of requests.
        pytest.param("examples,coverage,fuzzing,stateful", id="all", marks=pytest.mark.nightly),
    ],
)
def test_schemathesis_finds_nothing_on_the_public_reads(settings, key, tmp_path, phases):
    with serving(settings) as base_url:
        command = [
            sys.executable,
            "-c",
            "from schemathesis.cli import schemathesis; schemathesis()",
            "run",
            f"{base_url}/openapi.json",
            "--include-method=GET",
            "--checks=all",
            "--max-examples=6",
            f"--phases={phases}",
            "--request-timeout=120",
            "--suppress-health-check=too_slow",
            "--no-color",
            "--seed=20261122",
            f"--header=Authorization: Bearer {key}",  # one read is not public: an auditor's
        ]
        found = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=HANGING_SECONDS, check=False
        )

    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
    assert " 0 passed" not in found.stdout
