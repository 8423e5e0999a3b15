"""What is published is valid by the standard's own schema, where a copy of it is at hand."""

import json
import shutil
import subprocess
from datetime import timedelta

import pytest

from app.kit.json import dumps
from tests.conftest import NOW
from tests.contract.serving import serving
from tests.exchange.ocds.histories import releases_told
from tests.exchange.ocds.packages import everything
from tests.exchange.ocds.standard import STANDARD, extended_schema
from tests.exchange.ocds.test_merging import TELLINGS
from tests.records import a_sketch


def errors_of(release):
    # Comes with schemathesis; the OCP's own validator is tried below, for it brings fifty packages with it.
    rust = pytest.importorskip("jsonschema_rs")
    validator = rust.Draft4Validator(extended_schema(), validate_formats=True)
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(release)]


def as_sent(release):
    return json.loads(dumps(release))


def test_every_release_is_valid():
    found = {
        f"{kind} {code}": errors
        for kind, code, fields in everything()
        if (errors := errors_of(as_sent(releases_told(fields, kind=kind, code=code)[0])))
    }

    assert found == {}


def test_what_takes_something_back_is_valid_too():
    tellings = [telling for telling in TELLINGS if telling is not None]
    for telling in tellings:
        for later in ({}, telling, None):
            for release in releases_told(tellings[1], telling, later):
                assert errors_of(as_sent(release)) == []


def test_a_misspelt_word_would_be_noticed():
    release = as_sent(releases_told({})[0])
    release["tender"]["status"] = "aktif"

    assert errors_of(release)


@pytest.mark.nightly
async def test_the_validator_of_the_ocp_finds_no_error(settings, database, door, client, tmp_path):
    """Needs its command, `libcoveocds` (pip install libcoveocds), and the standard beside the project."""
    command = shutil.which("libcoveocds")
    if command is None or not STANDARD.exists():
        pytest.skip("libcoveocds or the schema of the standard is not at hand")
    packages = [a_sketch(code, kind=kind, **fields) for kind, code, fields in everything()]
    await door.record(*packages)
    for number, changed in enumerate(packages):
        fields = packages[number - 1].fields
        await door.record(a_sketch(changed.code, kind=changed.kind, **fields), now=NOW + timedelta(days=1))
    with serving(settings) as base:
        address, checked = f"{base}/api/v1/ocds/releases?limit=50", 0
        while address:
            page = (await client.get(address.removeprefix(base), headers={"Host": base.partition("//")[2]})).json()
            file = tmp_path / f"{checked}.json"
            file.write_text(json.dumps(page))
            told = subprocess.run(
                [command, str(file), "--standard-zip", str(STANDARD)], capture_output=True, check=True, text=True
            )
            found = json.loads(told.stdout)
            assert found["validation_errors"] == []
            assert "conformance_errors" not in found
            assert not found["additional_checks"]
            assert found["extensions"]["invalid_extensions"] == []
            assert {field["field"] for field in found["additional_fields"]} <= {"links"}
            address, checked = page.get("links", {}).get("next"), checked + 1

    assert checked > 1
