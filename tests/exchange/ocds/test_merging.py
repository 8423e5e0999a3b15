"""Releases merge by the standard's own rules into what the last version says, and nothing that is gone outlives it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocdsmerge.merge import Merger

from app.core.vocabulary import PackageKind, PackageStatus
from app.exchange.ocds.compiling import MERGE_RULES, compile_releases, version_releases
from tests.exchange.ocds.histories import objects_in, references_in, releases_told
from tests.exchange.ocds.packages import BASES, FULL, a_payment, an_offer, by_basis, by_status
from tests.exchange.ocds.standard import merge_rules_of_the_schema
from tests.records import an_award

TELLINGS = [
    {},
    FULL,
    *[by_status(status) for status in PackageStatus],
    *[by_basis(basis) for basis in BASES],
    {**FULL, "offers": [an_offer("CV Lain", "1")], "rup_codes": [], "fund_sources": ["APBN"], "schedule": []},
    {**FULL, "realizations": [a_payment("1", "5"), a_payment("2", "6", name="Toko")], "hps": None, "pagu": None},
    {**FULL, "realizations": [a_payment("2", "7", name=None)], "awards": [an_award("CV Lain", bid_value=Decimal(3))]},
    None,
]
histories = st.lists(st.sampled_from(TELLINGS), min_size=1, max_size=5).filter(lambda told: told[0] is not None)
kinds = st.sampled_from(list(PackageKind))


def merged_by_library(releases, rules=MERGE_RULES):
    return Merger(merge_rules=rules).create_compiled_release(releases)


@settings(max_examples=30)
@given(histories, kinds)
def test_the_compiled_release_is_what_the_library_makes_of_the_releases(tellings, kind):
    releases = releases_told(*tellings, kind=kind)

    assert compile_releases(releases) == merged_by_library(releases)


@settings(max_examples=30)
@given(histories, kinds)
def test_merged_releases_say_what_the_last_version_says(tellings, kind):
    last = tellings[-1]
    alone = [last] if last is not None else [tellings[-2] if tellings[-2] is not None else {}, None]
    if last is None and len([one for one in tellings if one is None]) > 1:
        return
    now = compile_releases(releases_told(*tellings, kind=kind))
    expected = compile_releases(releases_told(*alone, kind=kind))

    for section in ("planning", "tender", "buyer"):
        assert_says(now.get(section), expected.get(section))
    for name in ("awards", "contracts"):
        ended = {"cancelled"}
        left = [one for one in now.get(name, []) if one["id"] in {item["id"] for item in expected.get(name, [])}]
        gone = [one for one in now.get(name, []) if one not in left]
        assert all(one["status"] in ended for one in gone)
        assert amounts(left) == amounts(expected.get(name, []))


def assert_says(found, expected):
    """All that is expected is there, and no amount or text besides that would say otherwise."""
    if not isinstance(expected, dict):
        return
    for name, value in expected.items():
        if isinstance(value, dict):
            assert_says(found[name], value)
        elif not isinstance(value, list):
            assert found[name] == value, name
    kept = {"id", "enquiryPeriod", "tenderPeriod", "awardPeriod", "procuringEntity", "tenderers", "documents"}
    for name in found.keys() - expected.keys() - kept:
        assert found[name] == {"currency": "IDR"} or isinstance(found[name], list), name


def amounts(items):
    return sorted((one["id"], one.get("status"), one.get("value", {}).get("amount")) for one in items)


@settings(max_examples=30)
@given(histories, kinds)
def test_merged_releases_are_as_whole_as_single_ones(tellings, kind):
    releases = releases_told(*tellings, kind=kind)
    for release in (*releases, compile_releases(releases)):
        parties = {party["id"] for party in release.get("parties", [])}
        assert {one["id"] for one in references_in(release)} <= parties
        awards = {award["id"] for award in release.get("awards", [])}
        assert {contract["awardID"] for contract in release.get("contracts", [])} <= awards
        assert not any(value in ({}, []) for part in objects_in(release) for value in listed(part))


def listed(part):
    return part.values() if isinstance(part, dict) else part


def test_what_is_known_no_longer_is_taken_back():
    before, after = {**FULL, "status": PackageStatus.RUNNING}, {"status": PackageStatus.RUNNING}
    release = releases_told(before, after)[1]
    compiled = compile_releases(releases_told(before, after))

    assert release["tender"]["title"] is None
    assert release["tender"]["value"] == {"amount": None, "currency": "IDR"}
    assert "title" not in compiled["tender"]
    assert "amount" not in compiled["tender"]["value"]
    assert {bid["status"] for bid in compiled["bids"]["details"]} == {"withdrawn"}


def test_what_was_taken_back_is_not_taken_back_again():
    gone = {"status": PackageStatus.RUNNING}
    releases = releases_told({**FULL, "awards": [an_award(bid_value=Decimal(1))]}, gone, {**gone, "name": "Lain"})

    assert "null" not in json.dumps(releases[2], default=str)
    assert "awards" not in releases[2]


def test_a_winner_who_comes_back_is_awarded_again():
    won = {**FULL, "status": PackageStatus.COMPLETED, "awards": [an_award(negotiated_value=Decimal(1))]}
    compiled = compile_releases(releases_told(won, {**won, "awards": []}, won))

    assert [award["status"] for award in compiled["awards"]] == ["active"]


@settings(max_examples=12)
@given(histories, kinds)
def test_the_schema_of_the_standard_merges_them_alike(tellings, kind):
    rules = merge_rules_of_the_schema()
    releases = releases_told(*tellings, kind=kind)

    assert compile_releases(releases) == merged_by_library(releases, rules)
    assert version_releases(releases) == Merger(merge_rules=rules).create_versioned_release(releases)


def test_every_value_of_a_field_has_its_release():
    releases = releases_told({"name": "Satu"}, {"name": "Dua"})
    versioned = version_releases(releases)

    assert [(one["releaseID"], one["value"]) for one in versioned["tender"]["title"]] == [
        ("ocds-abc123-surabaya.tender.1001-1", "Satu"),
        ("ocds-abc123-surabaya.tender.1001-2", "Dua"),
    ]


@pytest.mark.parametrize("telling", [telling for telling in TELLINGS if telling is not None])
def test_a_single_release_is_compiled_without_the_library(telling):
    releases = releases_told(telling)

    assert compile_releases(releases) == merged_by_library(releases)
