"""Packages that are only recorded: what the world has of them, what the lists and pages say, and the detailed truth."""

import re
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from selectolax.lexbor import LexborHTMLParser

from app.simulator import recording_pages, schedule_pages
from app.simulator.index import index_row
from app.simulator.moments import ANNOUNCING, AWARDING, CONTRACTING
from app.simulator.nodes import KINDS, ZONE_HOURS
from app.simulator.truth import as_json
from tests.simulator.worlds import YEARS, a_node, a_province, a_world, all_packages, all_recordings, every_package

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip


@pytest.fixture(scope="module")
def province():
    return a_province(recorded=(10, 12), self_managed=(8, 9), emergency=(3, 4))


def rupiah_in(text):
    digits = text.replace("Rp.", "").replace(".", "").replace(",", ".").strip()
    return Decimal(digits) if digits else None


def local_moment(text):
    day, month, year, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute))


def labelled(html):
    """What the page's own rows say, label by label, knowing nothing of how it was written."""
    page = LexborHTMLParser(html)
    heads = page.css("div.content th.bgwarning")
    return {head.text(strip=True): head.parent.css_first("td").text(strip=True) for head in heads}


def test_every_kind_has_as_many_packages_as_the_settings_allow(province):
    for slug in province.nodes:
        for year in YEARS:
            assert 10 <= len(province.packages(slug, year, "recorded")) <= 12
            assert 8 <= len(province.packages(slug, year, "self_managed")) <= 9
            assert 3 <= len(province.packages(slug, year, "emergency")) <= 4


def test_everything_that_real_lists_show_occurs(province):
    recordings = all_recordings(province)
    types = {one.type_text for package in recordings for one in package.realizations}

    assert {package.status for package in recordings} == {"completed", "running", "cancelled"}
    assert {"Kuitansi", "Surat Perjanjian", "Dokumen FA Detail", "Surat Permintaan Pembayaran"} <= types
    assert {package.self_managed_type for package in recordings} == {None, 1, 2, 3, 4}
    assert {package.umk is None for package in recordings if package.kind != "self_managed"} == {True, False}
    assert any(package.pagu is None for package in recordings)
    assert any(one.paid_to is None for package in recordings for one in package.realizations)
    assert any(one.paid_to and not one.paid_to.npwp for package in recordings for one in package.realizations)
    stated_otherwise = [one for one in recordings if one.realized != sum(row.value for row in one.realizations)]
    assert 0 < len(stated_otherwise) < len(recordings) / 20


def test_codes_are_unique_within_a_kind_and_shared_between_some(province):
    per_kind = Counter((package.slug, package.kind, package.code) for package in every_package(province))

    assert set(per_kind.values()) == {1}
    over_kinds = Counter((package.slug, package.code) for package in every_package(province))
    assert max(over_kinds.values()) > 1


def test_emergencies_have_short_codes_that_end_in_the_number_of_the_node(province):
    for package in all_packages(province, ("emergency",)):
        assert package.code.endswith(f"{province.node(package.slug).kd_lpse:03d}")
        assert len(package.code) < 10


@pytest.mark.parametrize(
    ("kind", "cells", "pagu", "status", "years"),
    [("recorded", 9, 3, 8, 6), ("self_managed", 8, 3, 7, 5), ("emergency", 8, 3, 7, 4)],
)
def test_rows_have_the_recorded_layout(province, kind, cells, pagu, status, years):
    for package in all_packages(province, (kind,)):
        row = index_row(package)
        assert len(row) == cells
        assert (row[0], row[2], row[status]) == (package.code, package.institution, package.stage)
        assert row[years] == ",".join(map(str, package.fiscal_years))
        assert (row[pagu] == "") == (package.pagu is None)
        assert all(isinstance(cell, str) for cell in row)


def test_the_pages_tell_what_the_detailed_truth_tells(province):
    for slug in list(province.nodes)[:10]:
        truths = {(one["kind"], one["code"]): one for year in YEARS for one in province.details(slug, year)}
        for kind in KINDS[2:]:
            for package in province.everything(slug, kind).values():
                compare_with_pages(province.node(slug), package, truths[kind, package.code])


def compare_with_pages(node, package, truth):
    announced = labelled(recording_pages.recording(node, package))
    realised_page = recording_pages.realization(node, package)
    realised = labelled(realised_page)
    assert rupiah_in(announced["Nilai Pagu Paket"]) == rupiah_in(realised["Nilai Pagu Paket"]) == truth["pagu"]
    assert rupiah_in(realised["Nilai Total Realisasi"]) == truth["realized"]
    for label, name in (("Nilai PDN", "pdn"), ("Nilai UMK", "umk")):
        assert (rupiah_in(realised[label]) if label in realised else None) == truth[name]
    assert [int(year) for year in dict.fromkeys(re.findall(r"20\d\d", announced["Tahun Anggaran"]))] == truth[
        "fiscal_years"
    ]
    payments = [
        [cell.text(strip=True) for cell in row.css("td")]
        for row in LexborHTMLParser(realised_page).css("div.content > table tr")
        if row.css_first("td[align=center]")
    ]
    assert [(kind, rupiah_in(value), day) for _, kind, value, day in payments] == [
        (one["type"], one["value"], f"{one['date']:%d-%m-%Y}") for one in truth["realizations"]
    ]


def test_a_schedule_page_shows_the_moments_of_the_truth_in_the_clock_of_the_node():
    world = a_world(a_node(zone="WITA"), tenders=(20, 20))
    zone = timezone(timedelta(hours=ZONE_HOURS["WITA"]))
    node = world.node("contoh")

    for truth in world.details("contoh", 2025):
        if truth["schedule"]:
            package = world.find_package("contoh", truth["kind"], truth["code"])
            rows = LexborHTMLParser(schedule_pages.timetable(node, package)).css("div.content tr")[1:]
            shown = [[cell.text(strip=True) for cell in row.css("td")] for row in rows]
            assert [
                (name, local_moment(start).replace(tzinfo=zone), local_moment(end).replace(tzinfo=zone))
                for _, name, start, end, _ in shown
            ] == [(stage["name"], stage["starts_at"], stage["ends_at"]) for stage in truth["schedule"]]


def test_planned_moments_are_the_starts_of_their_stages(province):
    for truth in province.details("n1", 2025):
        starts = {stage["name"]: stage["starts_at"] for stage in truth["schedule"]}
        for moment, names in (("announced_at", ANNOUNCING), ("awarded_at", AWARDING), ("contracted_at", CONTRACTING)):
            assert truth["scheduled"][moment] == next((starts[name] for name in names if name in starts), None)
        if truth["kind"] == "tender" and truth["schedule"]:
            assert None not in truth["scheduled"].values()


def test_only_what_came_about_has_an_actual_moment(province):
    truths = [one for slug in province.nodes for one in province.details(slug, 2026)]

    for truth in truths:
        actual = truth["actual"]
        has_contract = truth["status"] == "completed" and any(one["contract"] is not None for one in truth["winners"])
        assert (actual["contracted_at"] is not None) == has_contract
        if truth["status"] == "completed" and truth["winners"]:
            assert actual["announced_at"] < actual["awarded_at"]
    assert {truth["actual"]["awarded_at"] is None for truth in truths} == {True, False}


def test_the_schedule_of_a_running_package_has_its_stage_on_the_day_of_the_world(province):
    today = province.today
    running = [one for one in all_packages(province) if one.status == "running" and one.schedule]

    for package in running:
        name = package.stage.removesuffix(" [...]")
        stages = {stage.name: stage for stage in package.schedule}
        if name in stages:
            assert stages[name].starts_at.date() <= today <= stages[name].ends_at.date(), package
    assert {package.fiscal_year for package in running} == set(YEARS)


def test_the_detailed_truth_agrees_with_the_savings(province):
    for slug in province.nodes:
        truth, details = province.truth(slug, 2025), province.details(slug, 2025)
        competed = [one for one in details if one["kind"] in {"tender", "non_tender"}]
        valued = [one for one in competed if one["value"] is not None and one["pagu"] is not None]
        assert truth["packages"] == len(competed)
        assert truth["by_pagu"]["savings"] == sum(one["pagu"] - one["value"] for one in valued)
        assert Counter(one["value_basis"] for one in competed if one["value"] is not None) == Counter(
            {basis: number for basis, number in truth["basis"].items() if number}
        )
        assert set(truth["kinds"]) == {"tender", "non_tender"}


def test_bidders_are_those_who_offered_and_unknown_before_the_evaluation(province):
    for slug in list(province.nodes)[:8]:
        for truth in province.details(slug, 2026):
            offered = [one for one in truth["offers"] if one["bid"] is not None]
            if truth["bidders"] is None:
                assert truth["offers"] == []
            else:
                assert truth["bidders"] == len(offered) <= truth["participants"] == len(truth["offers"])


def test_details_leave_as_text_that_loses_nothing():
    details = as_json(a_world().details("contoh", 2025))

    recorded = next(one for one in details if one["realizations"])
    assert re.fullmatch(r"\d+\.\d\d", recorded["realized"])
    assert date.fromisoformat(recorded["realizations"][0]["date"])
    tender = next(one for one in details if one["schedule"])
    assert tender["schedule"][0]["starts_at"].endswith("+00:00")
