"""Releases of one process become one package, whatever their order; what cannot be used is told."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.ocds.adapter import OcdsVisit
from app.adapters.ocds.feed import Feed
from app.adapters.ocds.survey import code_of
from app.adapters.protocol import Endpoint, IndexEntry
from app.core.dates import TimeZone
from app.core.vocabulary import Category, DateBasis, Interface, Method, PackageKind, PackageStatus
from app.kit.json import loads
from app.kit.json_plain import row_key
from app.procurement.admission import refusal

PACKAGE = loads(Path(__file__).with_name("replies").joinpath("ocds", "releases.json").read_bytes())
FULL = [release for release in PACKAGE["releases"] if release["ocid"].endswith("1001007")]
ENDPOINT = Endpoint(Interface.OCDS, "https://contoh.example/rilis.json", TimeZone.WIB)
AT = datetime(2025, 6, 1, tzinfo=UTC)


def rows_of(releases, year=2025):
    named = {row_key("release", release): release for release in releases}
    return named | ({row_key("fiscal_year", {"fiscal_year": year}): {"fiscal_year": year}} if year else {})


async def record_of(releases, kind=PackageKind.TENDER, code="1001007", year=2025):
    feed = Feed(None, ENDPOINT)
    feed.read_at = AT
    entry = IndexEntry(kind, code, rows_of(releases, year), fingerprint="", settled=True)
    return await OcdsVisit(feed, ENDPOINT.time_zone).detail(entry)


def changed(*path, to, releases=None):
    """The releases with one value changed; the first of the path is the release's place."""
    copy = deepcopy(FULL if releases is None else releases)
    *way, last = path
    place = copy
    for step in way:
        place = place[step]
    place[last] = to
    return copy


def codes(record):
    return [problem.code for problem in record.problems]


async def test_all_that_the_releases_say_is_one_package():
    record = await record_of(FULL)

    assert record.problems == ()
    fields = dict(record.fields)
    awards, offers, schedule = fields.pop("awards"), fields.pop("offers"), fields.pop("schedule")
    realizations = fields.pop("realizations")
    assert fields == {
        "name": "Pembangunan Jembatan Contoh",
        "description": "Pekerjaan Konstruksi",
        "category": Category.WORKS,
        "category_text": "Pekerjaan Konstruksi",
        "method": Method.TENDER,
        "method_text": "Tender",
        "evaluation_text": "Harga Terendah Sistem Gugur",
        "status": PackageStatus.COMPLETED,
        "stage": "complete",
        "institution": "D999",
        "institution_name": "Kab. Contoh",
        "satker_name": "Dinas Pekerjaan Umum Contoh",
        "fiscal_years": [2025],
        "pagu": Decimal("1500000000.00"),
        "hps": Decimal("1450000000.55"),
        "rup_codes": ["50000001"],
        "participants": 3,
        "bidders": 2,
        "announced_at": datetime(2025, 1, 10, 2, tzinfo=UTC),
        "awarded_at": datetime(2025, 1, 30, 6, tzinfo=UTC),
        "contracted_at": datetime(2025, 2, 14, 2, tzinfo=UTC),
        "date_basis": DateBasis.ACTUAL,
        "source_ids": {"ocid": "ocds-aaaaaa-1001007", "tender.id": "1001007", "mak": "1.01.02.0001.5.2"},
    }
    assert awards == [
        {
            "supplier_name": "CV Contoh Satu",
            "npwp": "01.234.567.8-901.000",
            "address": "Jl. Simulasi 1, Kab. Contoh",
            "award_value": Decimal("1400000000.25"),
            "contract_value": Decimal("1390000000.05"),
        }
    ]
    assert [(offer["supplier_name"], offer["bid_value"], offer["is_winner"]) for offer in offers] == [
        ("CV Contoh Satu", Decimal("1400000000.25"), True),
        ("CV Contoh Tiga", None, False),
        ("PT Contoh Dua", Decimal(1300000000), False),
    ]
    assert [stage["name"] for stage in schedule] == ["tenderPeriod"]
    assert schedule[0]["starts_at"] == datetime(2025, 1, 11, 1, tzinfo=UTC)
    assert realizations == [
        {
            "number": "t-1",
            "value": Decimal("390000000.05"),
            "realized_on": date(2025, 2, 28),
            "supplier_name": "CV Contoh Satu",
        }
    ]


async def test_the_record_brings_its_evidence():
    record = await record_of(FULL)

    (raw,) = record.raw
    assert (raw.page, raw.url, raw.fetched_at) == ("ocds", ENDPOINT.base_url, AT)
    assert set(json.loads(raw.body)) == set(rows_of(FULL))
    assert b"1450000000.55" in raw.body


@given(order=st.permutations(range(3)), again=st.lists(st.integers(0, 2), max_size=3))
@settings(max_examples=30, deadline=None)
async def test_neither_order_nor_repetition_changes_the_record(order, again):
    releases = [FULL[number] for number in (*order, *again)]

    assert await record_of(releases) == await record_of(FULL)


@given(order=st.permutations(range(3)))
@settings(max_examples=6, deadline=None)
async def test_releases_without_dates_or_of_one_moment_give_one_record_too(order):
    undated = [{**{key: value for key, value in release.items() if key != "date"}} for release in FULL]
    same = [{**release, "date": "2025-01-10T00:00:00Z"} for release in FULL]

    for releases in (undated, same):
        assert await record_of([releases[number] for number in order]) == await record_of(releases)


async def test_a_later_release_overrules_an_earlier_one():
    lower = [*FULL, {"ocid": FULL[0]["ocid"], "id": "x", "date": "2025-04-01T00:00:00Z", "tender": {"id": "1001007", "title": "Judul baru"}}]  # fmt: skip

    record = await record_of(lower)

    assert record.fields["name"] == "Judul baru"
    assert record.fields["hps"] == Decimal("1450000000.55")


async def test_moments_are_compared_as_moments_and_not_as_texts():
    early = {"ocid": FULL[0]["ocid"], "id": "x", "date": "2025-05-01T01:00:00+07:00", "tender": {"title": "Lama"}}
    late = {"ocid": FULL[0]["ocid"], "id": "y", "date": "2025-04-30T23:00:00Z", "tender": {"title": "Baru"}}

    assert (await record_of([*FULL, late, early])).fields["name"] == "Baru"


async def test_a_record_that_is_compiled_is_used_as_it_is():
    compiled = {**FULL[0], "tag": ["compiled"], "date": "2025-05-01T00:00:00Z"}
    record = {"ocid": FULL[0]["ocid"], "releases": FULL, "compiledRelease": compiled}

    found = await record_of([record])

    assert found.fields["status"] is PackageStatus.RUNNING
    assert "awards" not in found.fields


async def test_a_record_without_a_compiled_release_is_merged():
    found = await record_of([{"ocid": FULL[0]["ocid"], "releases": FULL}])

    assert found.fields == (await record_of(FULL)).fields


async def test_a_record_that_only_links_to_its_releases_says_nothing():
    links = {"ocid": FULL[0]["ocid"], "releases": [{"url": "https://contoh.example/1", "date": "2025-01-01T00:00:00Z"}]}

    found = await record_of([links])

    assert codes(found) == ["source-without-part"]
    assert found.fields.keys() == {"fiscal_years", "source_ids"}


async def test_another_currency_is_not_taken():
    record = await record_of(changed(1, "awards", 1, "value", to={"amount": 90000, "currency": "USD"}))

    assert record.fields["awards"][0]["award_value"] is None
    assert record.fields["awards"][0]["contract_value"] == Decimal("1390000000.05")
    (problem,) = record.problems
    assert (problem.code, problem.field, problem.value) == ("currency-foreign", "awards.value", "USD 90000")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1.500", "amount-unreadable"),
        (True, "amount-unreadable"),
        (Decimal("1.005"), "amount-unreadable"),
        (Decimal("1E+30"), "amount-unreadable"),
        (-1, "amount-negative"),
        ([1], "amount-unreadable"),
    ],
)
async def test_what_is_no_amount_is_not_guessed(amount, code):
    record = await record_of(changed(0, "tender", "value", "amount", to=amount))

    assert record.fields["hps"] is None
    assert codes(record) == [code]


async def test_a_price_of_zero_is_none():
    record = await record_of(changed(2, "contracts", 0, "value", "amount", to=0))

    assert record.fields["awards"][0]["contract_value"] is None
    assert codes(record) == ["amount-zero"]


async def test_several_contracts_for_one_award_add_up_and_cancelled_ones_do_not():
    first = FULL[2]["contracts"][0]
    more = [first, {**first, "id": "c-2", "value": {"amount": 100}}, {**first, "id": "c-3", "status": "cancelled"}]

    record = await record_of(changed(2, "contracts", to=more))

    assert record.fields["awards"][0]["contract_value"] == Decimal("1390000100.05")


async def test_a_contract_that_belongs_to_no_award_silences_all_contracts():
    record = await record_of(changed(2, "contracts", 0, "awardID", to="a-9"))

    assert "contract_value" not in record.fields["awards"][0]
    assert codes(record) == ["detail-drift"]


async def test_suppliers_who_won_together_are_one_winner():
    both = [{"id": "p-1", "name": "CV Contoh Satu"}, {"id": "p-2", "name": "PT Contoh Dua"}]

    record = await record_of(changed(1, "awards", 1, "suppliers", to=both))

    assert [award["supplier_name"] for award in record.fields["awards"]] == ["CV Contoh Satu; PT Contoh Dua"]


async def test_a_winner_without_a_name_leaves_no_half_list():
    record = await record_of(changed(1, "awards", 1, "suppliers", to=[]))

    assert "awards" not in record.fields
    assert codes(record) == ["row-unreadable"]


async def test_only_active_awards_count():
    record = await record_of(changed(1, "awards", 1, "status", to="pending"))

    assert record.fields["awards"] == []
    assert codes(record) == ["completed-without-winner"]


async def test_awards_without_ids_are_not_counted_with_every_release():
    award = {"status": "active", "suppliers": [{"name": "CV Contoh Satu"}], "value": {"amount": 10}}
    releases = [{**FULL[0], "awards": [award]}, {**FULL[1], "awards": [award]}]

    record = await record_of(releases)

    assert [award["award_value"] for award in record.fields["awards"]] == [Decimal(10)]


async def test_words_that_are_not_known_are_kept_and_told():
    releases = changed(0, "tender", "procurementMethodDetails", to="Cara Baru")
    releases = changed(0, "tender", "mainProcurementCategory", to="barang antik", releases=releases)
    releases = changed(0, "tender", "description", to="Uraian", releases=releases)
    releases = changed(1, "tender", "status", to="setengah jadi", releases=releases)

    record = await record_of(releases)

    fields = record.fields
    assert (fields["method"], fields["method_text"]) == (Method.OTHER, "Cara Baru")
    assert (fields["category"], fields["category_text"]) == (Category.OTHER, "barang antik")
    assert (fields["status"], fields["stage"]) == (PackageStatus.OTHER, "setengah jadi")
    assert sorted(codes(record)) == ["category-unknown", "method-unknown", "status-unknown"]


@pytest.mark.parametrize(
    ("tender", "category", "method"),
    [
        ({"mainProcurementCategory": "services"}, Category.OTHER, None),
        (
            {"mainProcurementCategory": "services", "description": "Jasa Konsultansi Badan Usaha Konstruksi"},
            Category.CONSULTING_FIRM_CONSTRUCTION,
            None,
        ),
        (
            {"mainProcurementCategory": "goods", "additionalProcurementCategories": [7, "Jasa Lainnya"]},
            Category.OTHER_SERVICES,
            None,
        ),
        ({"mainProcurementCategory": "works", "additionalProcurementCategories": ["jalan"]}, Category.WORKS, None),
        ({"procurementMethod": "open"}, None, Method.OTHER),
        ({"procurementMethod": "open", "procurementMethodDetails": "Seleksi"}, None, Method.SELECTION),
        ({"procurementMethodDetails": "Penunjukan Langsung"}, None, Method.DIRECT_APPOINTMENT),
    ],
)
async def test_a_word_of_the_standard_is_known_but_may_be_too_coarse(tender, category, method):
    record = await record_of([{"ocid": "ocds-aaaaaa-1", "date": "2025-01-01T00:00:00Z", "tender": tender}], code="1")

    assert (record.fields.get("category"), record.fields.get("method")) == (category, method)
    assert record.problems == ()


@pytest.mark.parametrize(
    ("tender", "participants", "bidders"),
    [
        ({"numberOfTenderers": 1, "tenderers": [{"name": "CV Satu"}, {"name": "CV Dua"}]}, 2, 1),
        ({"numberOfTenderers": 2, "tenderers": [{"name": "CV Satu"}, {"name": "CV Dua"}]}, None, 2),
        ({"tenderers": [{"name": "CV Satu"}, {"name": "CV Dua"}]}, 2, None),
        ({"numberOfTenderers": 3}, None, 3),
    ],
)
async def test_those_who_made_an_offer_are_not_taken_for_all_who_took_part(tender, participants, bidders):
    record = await record_of([{"ocid": "ocds-aaaaaa-1", "date": "2025-01-01T00:00:00Z", "tender": tender}], code="1")

    assert (record.fields.get("participants"), record.fields.get("bidders")) == (participants, bidders)


@pytest.mark.parametrize(
    ("ocid", "tender_id", "code"),
    [
        ("ocds-aaaaaa-12482010", "ocds-aaaaaa-12482010", "12482010"),
        ("ocds-aaaaaa-0012", None, "12"),
        ("ocds-aaaaaa-b-2016-7", "900", "900"),
        ("ocds-aaaaaa-b-2016-7", None, "b-2016-7"),
        ("ocds-aaaaaa-b 7", None, None),
        (None, "12", "12"),
        (None, None, None),
        ({}, "x y", None),
    ],
)
def test_the_code_is_the_number_that_spse_gave(ocid, tender_id, code):
    assert code_of(ocid, tender_id) == code


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "2025-01-01", "active", "IDR", "0001-01-01T00:00:00+14:00"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "name", "amount", "currency", "value", "tender", "awards", "suppliers", "contracts", "status", "date", "planning", "budget", "period", "startDate", "endDate", "buyer", "parties", "bids", "details", "tenderers", "implementation", "transactions", "payee", "awardID", "title"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    parts=st.lists(
        st.dictionaries(
            st.sampled_from(
                ["tender", "awards", "contracts", "planning", "bids", "buyer", "parties", "date", "tag", "id"]
            ),
            JUNK,
            max_size=6,
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=300, deadline=None)
async def test_releases_of_any_shape_give_a_record_that_can_be_kept(parts):
    releases = [{"ocid": "ocds-aaaaaa-1", **part} for part in parts]

    record = await record_of(releases, code="1")

    assert refusal(record) is None
    assert record == await record_of(releases[::-1], code="1")
