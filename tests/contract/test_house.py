"""Rules of the house that no linter knows."""

import re
from pathlib import Path

import pytest

from app import collection, procurement, registry  # noqa: F401 (their errors are looked at below)
from app.access import errors as access_errors  # noqa: F401
from app.collection import errors as collection_errors  # noqa: F401
from app.core.problems import PROBLEM_KINDS, Severity, message_of
from app.kit import paging  # noqa: F401
from app.kit.errors import HubError, Kind
from app.kit.web.problems import STATUS_OF
from app.procurement import errors as procurement_errors  # noqa: F401
from app.registry import errors as registry_errors  # noqa: F401

ROOT = Path(__file__).parents[2]
OURS = ("app", "migrations", "tests", "benchmarks", "openapi", ".ci")
# The brackets keep this very line from being found.
PRIVATE_PLACE = re.compile(r"(?<![\w.:}/-])/(?:[h]ome|[U]sers|[r]oot|[w]ork|[w]orkspaces?)/\w|[A-Z]:\\[U]sers\\")


def files():
    for folder in OURS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name != ".env")


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def all_errors(base=HubError):
    for error in base.__subclasses__():
        yield error
        yield from all_errors(error)


def test_locked_packages_come_from_the_public_index_only():
    hosts = set(re.findall(r"https?://([^/\"]+)", text_of(ROOT / "uv.lock")))

    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_no_file_names_a_private_place_of_a_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if PRIVATE_PLACE.search(line)
    ]

    assert found == []


def test_the_rule_about_private_places_finds_them():
    for line in ("see /ho" + "me/siti/proyek", 'cd "/Use' + "rs/siti/x", "C:\\Use" + "rs\\siti"):
        assert PRIVATE_PLACE.search(line)
    for line in ("https://contoh.example/home/x", "${HOME}/x", "GET /nodes/surabaya"):
        assert not PRIVATE_PLACE.search(line)


@pytest.mark.parametrize("code", sorted(PROBLEM_KINDS))
def test_every_problem_speaks_both_languages(code):
    message = message_of(code, field="pagu", value="Rp 1,5 M")

    assert re.fullmatch("[a-z]+(-[a-z]+)*", code)
    assert PROBLEM_KINDS[code].severity in set(Severity)
    assert set(message) == {"id", "en"}
    assert message["id"] != message["en"]
    assert all(
        len(sentence) > 20 and sentence.endswith(".") and "{field}" not in sentence and "{value}" not in sentence
        for sentence in message.values()
    )


def test_a_problem_quotes_the_same_things_in_both_languages():
    for code, kind in PROBLEM_KINDS.items():
        assert (
            set(re.findall(r"\{(\w+)\}", kind.indonesian))
            == set(re.findall(r"\{(\w+)\}", kind.english))
            <= {"field", "value"}
        ), code


def test_what_a_stranger_wrote_is_not_taken_for_a_placeholder():
    assert "{field}{0.__class__}" in message_of("amount-unreadable", field="pagu", value="{field}{0.__class__}")["en"]


def test_every_refusal_has_a_code_of_its_own():
    errors = list(all_errors())
    codes = [error.code for error in errors]

    assert len(errors) >= 12
    assert len(set(codes)) == len(codes)
    assert not set(codes) & set(PROBLEM_KINDS)
    for error in errors:
        assert re.fullmatch("[a-z]+(-[a-z]+)*", error.code), error
        assert error.kind in set(Kind), error
        assert error.title, error


def test_every_kind_of_no_has_a_status():
    assert set(STATUS_OF) == set(Kind)
