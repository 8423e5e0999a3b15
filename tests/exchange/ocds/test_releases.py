"""Versions of packages become releases: every field in its place, nothing empty, every reference leading somewhere."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from app.kit.json import dumps
from tests.conftest import NOW
from tests.exchange.ocds.histories import a_process, objects_in, references_in, releases_told, told
from tests.exchange.ocds.packages import (
    BASES,
    FULL,
    NPWP,
    a_payment,
    a_stage,
    an_offer,
    by_basis,
    by_status,
    everything,
)
from tests.records import an_award

EVERYTHING = list(everything())
NAMES = [f"{kind}-{code}-{number}" for number, (kind, code, _fields) in enumerate(EVERYTHING)]
every_package = pytest.mark.parametrize(("kind", "code", "fields"), EVERYTHING, ids=NAMES)


@every_package
def test_a_release_holds_nothing_empty_and_no_null(kind, code, fields):
    release = told(fields, kind=kind, code=code)

    for part in objects_in(release):
        values = part.values() if isinstance(part, dict) else part
        assert not any(value is None or value in ("", [], {}) for value in values), part


@every_package
def test_ids_are_unique_in_their_lists_and_references_lead_to_parties(kind, code, fields):
    release = told(fields, kind=kind, code=code)

    for part in objects_in(release):
        if isinstance(part, list) and part and isinstance(part[0], dict):
            assert len({item["id"] for item in part}) == len(part)
    parties = {party["id"]: party for party in release.get("parties", [])}
    assert all(parties[reference["id"]]["name"] == reference["name"] for reference in references_in(release))
    awards = {award["id"] for award in release.get("awards", [])}
    assert all(contract["awardID"] in awards for contract in release.get("contracts", []))


@every_package
def test_moments_have_an_offset_and_amounts_a_currency(kind, code, fields):
    release = told(fields, kind=kind, code=code)

    for part in objects_in(release):
        if not isinstance(part, dict):
            continue
        for name, value in part.items():
            if name in {"date", "startDate", "endDate", "datePublished", "dateSigned"}:
                assert datetime.fromisoformat(value).tzinfo is not None
        if "amount" in part and not isinstance(part["amount"], dict):
            assert isinstance(part["amount"], int | Decimal)
            assert part["currency"] == "IDR"


@every_package
def test_nothing_personal_leaves(kind, code, fields):
    text = dumps(told({**fields, "description": "Hubungi 0812-3456-7890"}, kind=kind, code=code)).decode()

    assert NPWP not in text
    assert "identity" not in text
    assert "0812" not in text


def test_planning_tells_the_budget_and_its_plan():
    planning = told(by_status(PackageStatus.RUNNING))["planning"]

    assert planning["budget"] == {
        "id": "1.03.01.5.2.3",
        "description": "APBD, BLUD",
        "amount": {"amount": 1000000, "currency": "IDR"},
        "uri": "https://sirup.lkpp.go.id/sirup/rup/detailPaketPenyedia2020?idPaket=44604827",
        "period": {"startDate": "2025-01-01T00:00:00+07:00", "endDate": "2025-12-31T23:59:59+07:00"},
        "budgetBreakdown": [{"id": "1", "description": "APBD"}, {"id": "2", "description": "BLUD"}],
    }
    assert [document["url"].rpartition("=")[2] for document in planning["documents"]] == ["44604827", "44604828"]


def test_a_plan_of_self_managed_work_has_its_own_page():
    kind = PackageKind.SELF_MANAGED
    release = told(by_status(PackageStatus.RUNNING, kind), kind=kind)

    assert "detailPaketSwakelola" in release["planning"]["budget"]["uri"]
    assert release["tender"]["procurementMethodDetails"] == "Swakelola Tipe I"


def test_a_tender_tells_what_is_bought_how_and_when():
    tender = told(by_status(PackageStatus.RUNNING))["tender"]

    assert tender["id"] == "1001"
    assert tender["title"] == "Pembangunan Jembatan Contoh"
    assert tender["value"] == {"amount": Decimal("900000.50"), "currency": "IDR"}
    assert (tender["procurementMethod"], tender["procurementMethodDetails"]) == ("open", "Tender")
    assert tender["mainProcurementCategory"] == "works"
    assert tender["additionalProcurementCategories"] == ["Pekerjaan Konstruksi"]
    assert tender["datePublished"] == "2025-03-01T03:00:00Z"
    assert tender["enquiryPeriod"] == {"startDate": "2025-03-02T03:00:00Z", "endDate": "2025-03-02T09:00:00Z"}
    assert tender["tenderPeriod"] == {"startDate": "2025-03-05T03:00:00Z", "endDate": "2025-03-05T09:00:00Z"}
    assert tender["awardPeriod"] == {"startDate": "2025-03-06T03:00:00Z", "endDate": "2025-03-09T09:00:00Z"}
    assert tender["statusDetails"] == "Tender Sudah Selesai"


@pytest.mark.parametrize(
    ("status", "stated"),
    [
        (PackageStatus.RUNNING, "active"),
        (PackageStatus.COMPLETED, "complete"),
        (PackageStatus.CANCELLED, "cancelled"),
        (PackageStatus.FAILED, "unsuccessful"),
        (PackageStatus.NO_SCHEDULE, "planned"),
        (PackageStatus.OTHER, None),
    ],
)
def test_every_status_has_its_word(status, stated):
    assert told(by_status(status))["tender"].get("status") == stated


def test_every_category_and_method_has_its_word():
    for category in Category:
        tender = told({"category": category})["tender"]
        assert ("mainProcurementCategory" in tender) == (category is not Category.OTHER)
        consulting = "consultingServices" in tender.get("additionalProcurementCategories", [])
        assert consulting == category.startswith("consulting")
    for method in Method:
        assert told({"method": method})["tender"]["procurementMethod"] in {"open", "limited", "direct"}


def test_who_offered_is_a_tenderer_and_who_registered_is_interested():
    release = told(by_status(PackageStatus.RUNNING))
    roles = {party["name"]: party["roles"] for party in release["parties"]}

    assert [one["name"] for one in release["tender"]["tenderers"]] == ["CV Contoh Makmur", "PT Contoh Kalah"]
    assert release["tender"]["numberOfTenderers"] == 2
    assert roles["PT Contoh Mendaftar"] == ["interestedParty"]
    assert release["bids"]["statistics"] == [
        {"id": "requests", "measure": "requests", "value": 7},
        {"id": "bids", "measure": "bids", "value": 2},
    ]
    assert [(bid["status"], bid["value"]["amount"]) for bid in release["bids"]["details"]] == [
        ("valid", Decimal("850000.25")),
        ("disqualified", 950000),
    ]


def test_bidders_that_are_named_without_their_offers_are_tenderers_all_the_same():
    release = told({"offers": [an_offer("CV Satu"), an_offer("CV Dua")], "bidders": 2})

    assert [one["name"] for one in release["tender"]["tenderers"]] == ["CV Satu", "CV Dua"]
    assert "details" not in release["bids"]


def test_an_award_is_worth_what_was_negotiated_and_its_contract_what_was_signed():
    winner = an_award(
        npwp=NPWP, address="Jl. Contoh 1", contract_value=Decimal(800), negotiated_value=Decimal("790.10")
    )
    release = told({**FULL, "status": PackageStatus.COMPLETED, "awards": [winner]})
    (award,), (contract,) = release["awards"], release["contracts"]

    assert award["value"]["amount"] == Decimal("790.10")
    assert (award["status"], award["date"]) == ("active", "2025-03-09T03:00:00Z")
    assert contract["value"]["amount"] == 800
    assert (contract["awardID"], contract["status"]) == (award["id"], "active")
    assert contract["dateSigned"] == "2025-03-12T03:00:00Z"
    (party,) = [party for party in release["parties"] if "supplier" in party["roles"]]
    assert party["identifier"] == {"scheme": "ID-NPWP", "id": "0*.2*4.*6*.8-***.***", "legalName": "CV Contoh Makmur"}
    assert party["roles"] == ["tenderer", "supplier"]


@pytest.mark.parametrize("basis", BASES)
def test_every_basis_gives_each_winner_its_value(basis):
    release = told(by_basis(basis))

    assert [award["value"]["amount"] for award in release["awards"]] == [Decimal("100.25"), 200]
    contracts = [contract["value"]["amount"] for contract in release.get("contracts", [])]
    assert contracts == ([Decimal("100.25"), 200] if basis == "contract_value" else [])


def test_a_total_without_a_winner_is_an_award_of_nobody():
    release = told({"status": PackageStatus.COMPLETED, "contract_value": Decimal(5), "awards": []})

    assert [(award["value"]["amount"], "suppliers" in award) for award in release["awards"]] == [(5, False)]
    assert release["contracts"][0]["value"]["amount"] == 5


def test_what_was_only_scheduled_is_told_as_such():
    release = told({**by_status(PackageStatus.COMPLETED), "date_basis": DateBasis.SCHEDULED})

    assert (release["tender"]["datePublished"], release["tender"]["dateBasis"]) == ("2025-03-01T03:00:00Z", "scheduled")
    assert (release["awards"][0]["date"], release["awards"][0]["dateBasis"]) == ("2025-03-09T03:00:00Z", "scheduled")
    assert release["contracts"][0]["dateBasis"] == "scheduled"


def test_what_is_scheduled_for_later_is_not_told_as_a_date():
    early = datetime(2025, 3, 5, tzinfo=UTC)
    fields = {**by_status(PackageStatus.COMPLETED), "date_basis": DateBasis.SCHEDULED}
    (release,) = releases_told(fields, at=[early])

    assert release["tender"]["datePublished"] == "2025-03-01T03:00:00Z"
    assert "date" not in release["awards"][0]
    assert "dateBasis" not in release["awards"][0]


def test_a_winner_of_a_tender_that_still_runs_is_pending():
    running = {**FULL, "status": PackageStatus.RUNNING, "contracted_at": None}
    release = told({**running, "awards": [an_award(negotiated_value=Decimal(1))]})

    assert release["awards"][0]["status"] == "pending"


def test_payments_hang_on_the_contract_with_their_payee():
    fields = {
        "status": PackageStatus.COMPLETED,
        "realizations": [
            a_payment("001/KW", "1000.50"),
            a_payment("001/KW", "7"),
            a_payment(None, "20", name="Toko Contoh"),
        ],
        "finished_on": NOW.date(),
    }
    release = told(fields, kind=PackageKind.RECORDED)
    paid = [contract["implementation"]["transactions"] for contract in release["contracts"]]

    assert [[(one["id"], one["value"]["amount"]) for one in some] for some in paid] == [
        [("001/KW", Decimal("1000.50")), ("001/KW-2", 7)],
        [("realisasi-3", 20)],
    ]
    assert paid[0][0]["date"] == "2025-04-02T00:00:00+07:00"
    assert {contract["status"] for contract in release["contracts"]} == {"terminated"}
    assert [award["suppliers"][0]["name"] for award in release["awards"]] == ["CV Contoh Makmur", "Toko Contoh"]


def test_the_same_unit_of_two_governments_is_two_parties():
    one = told({"institution_name": "Kota Surabaya", "satker_name": "Dinas Pekerjaan Umum"})
    other = told({"institution_name": "Kota Malang", "satker_name": "Dinas Pekerjaan Umum"})

    assert one["tender"]["procuringEntity"]["id"] != other["tender"]["procuringEntity"]["id"]


def test_a_supplier_keeps_its_id_when_its_npwp_becomes_known():
    nameless = {**FULL, "offers": [an_offer("CV Contoh Makmur", "5", npwp=None)], "bidders": 1}
    named = {**FULL, "offers": [an_offer("CV. Contoh  Makmur", "5")], "bidders": 1}
    first, second = releases_told(nameless, named)

    assert first["tender"]["tenderers"][0]["id"] == second["tender"]["tenderers"][0]["id"]


def test_two_companies_of_one_name_are_two_parties():
    offers = [
        an_offer("CV Contoh", "5", npwp="11.111.111.1-111.111"),
        an_offer("CV Contoh", "6", npwp="22.222.222.2-222.222"),
    ]
    release = told({"offers": offers, "bidders": 2})

    assert len({one["id"] for one in release["tender"]["tenderers"]}) == 2


def test_a_period_that_ends_before_it_begins_has_no_end():
    stage = {**a_stage("Upload Dokumen Penawaran", 5), "ends_at": a_stage("", 4)["starts_at"]}

    assert told({"schedule": [stage]})["tender"]["tenderPeriod"] == {"startDate": "2025-03-05T03:00:00Z"}


def test_dates_follow_versions_whatever_the_clocks_of_their_writers():
    releases = releases_told({}, {"name": "A"}, {"name": "B"}, at=[NOW, NOW, NOW - timedelta(hours=1)])
    dates = [release["date"] for release in releases]

    assert dates == sorted(set(dates))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", date) for date in dates)


def test_a_name_leads_to_one_package_only():
    names = {
        a_process(kind, code, node).ocid for kind in PackageKind for code in ("1", "tender.1") for node in ("a", "a-b")
    }

    assert len(names) == len(PackageKind) * 4
