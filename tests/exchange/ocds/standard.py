"""The schema of OCDS 1.1.5, where a copy of it lies beside the project; it is not part of it."""

import json
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest
from ocdsmerge.rules import get_merge_rules

from app.exchange.ocds.extensions import EXTENSIONS, FILES

STANDARD = Path(__file__).parents[4] / "shared" / "domain" / "ocds" / "ocds-1.1.5.zip"


@cache
def schema(name="release-schema.json"):
    if not STANDARD.exists():
        pytest.skip("the schema of the standard is not at hand")
    with ZipFile(STANDARD) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f"/schema/{name}")]
        return json.loads(archive.read(path))


@cache
def merge_rules_of_the_schema():
    return get_merge_rules(schema())


@cache
def extended_schema():
    """The release schema with the extensions that are published here."""
    whole = json.loads(json.dumps(schema()))
    for name in EXTENSIONS:
        _patch(whole, json.loads(FILES[name, "release-schema.json"][0]))
    return whole


def _patch(target, patch):
    """JSON merge patch (RFC 7396)."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _patch(target[key], value)
        else:
            target[key] = value
