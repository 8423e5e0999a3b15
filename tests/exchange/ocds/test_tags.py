"""Each release says by its tags which stage it tells of."""

from decimal import Decimal

import pytest

from app.core.vocabulary import PackageKind, PackageStatus
from tests.exchange.ocds.histories import releases_told
from tests.exchange.ocds.packages import FULL, a_payment, by_status
from tests.records import an_award

PLANNED = by_status(PackageStatus.NO_SCHEDULE)
RUNNING = {**by_status(PackageStatus.RUNNING), "contracted_at": None}
AWARDED = {**RUNNING, "awards": [an_award(negotiated_value=Decimal(1))]}
SIGNED = {
    **FULL,
    "status": PackageStatus.COMPLETED,
    "awards": [an_award(negotiated_value=Decimal(1), contract_value=Decimal(1))],
}
CANCELLED = by_status(PackageStatus.CANCELLED) | {"awards": []}
RECORDED = {"status": PackageStatus.RUNNING, "realizations": [a_payment("1", "5")]}


def tags(*tellings, **about):
    return [release["tag"] for release in releases_told(*tellings, **about)]


@pytest.mark.parametrize(
    ("tellings", "expected"),
    [
        ([PLANNED, RUNNING, AWARDED, SIGNED], [["planning"], ["tender"], ["award"], ["tenderUpdate", "awardUpdate", "contract"]]),
        ([SIGNED], [["planning", "tender", "award", "contract"]]),
        ([RUNNING, {**RUNNING, "name": "Lain"}], [["planning", "tender"], ["tenderUpdate"]]),
        ([RUNNING, {**RUNNING, "pagu": Decimal(7)}], [["planning", "tender"], ["planningUpdate"]]),
        ([PLANNED, {**PLANNED, "name": "Lain"}], [["planning"], ["planningUpdate"]]),
        ([RUNNING, CANCELLED], [["planning", "tender"], ["tenderCancellation"]]),
        ([CANCELLED], [["planning", "tender"]]),
        ([RUNNING, by_status(PackageStatus.FAILED) | {"awards": []}], [["planning", "tender"], ["tenderUpdate"]]),
        ([AWARDED, {**AWARDED, "awards": []}], [["planning", "tender", "award"], ["awardCancellation"]]),
        ([RUNNING, {**RUNNING, "labels": ["Tender Ulang"]}], [["planning", "tender"], ["tenderUpdate"]]),
        ([RUNNING, None], [["planning", "tender"], ["tenderUpdate"]]),
    ],
)  # fmt: skip
def test_tags_follow_from_what_has_changed(tellings, expected):
    assert tags(*tellings) == expected


def test_payments_are_implementation():
    more = {**RECORDED, "realizations": [*RECORDED["realizations"], a_payment("2", "7")]}
    over = {**more, "status": PackageStatus.COMPLETED}

    assert tags(RECORDED, more, over, kind=PackageKind.RECORDED) == [
        ["planning", "tender", "award", "contract", "implementation"],
        ["implementationUpdate"],
        ["tenderUpdate", "contractTermination"],
    ]


def test_a_package_that_vanished_is_withdrawn():
    first, second = releases_told(RUNNING, None)

    assert (first["tender"]["status"], second["tender"]["status"]) == ("active", "withdrawn")
