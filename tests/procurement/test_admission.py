"""One bad record never spoils its batch."""

from decimal import Decimal

import pytest

from app.core.money import MAX_AMOUNT
from tests.records import a_record, an_award, door_of, one

BAD = {
    "no year": ({"fiscal_years": []}, "fiscal-year-unreadable"),
    "a year of another century": ({"fiscal_years": [1999]}, "fiscal-year-unreadable"),
    "a negative amount": ({"pagu": Decimal("-1.00")}, "amount-negative"),
    "an absurd amount": ({"hps": MAX_AMOUNT + 1}, "amount-too-large"),
    "not a number": ({"pagu": Decimal("NaN")}, "amount-too-large"),
    "a NUL": ({"name": "Pengadaan\x00Contoh"}, "text-unstorable"),
    "half a character": ({"satker_name": "Dinas \ud800"}, "text-unstorable"),
}


@pytest.mark.parametrize(("fields", "code"), BAD.values(), ids=BAD)
async def test_a_record_that_cannot_stand_is_rejected_with_its_reason_and_the_others_are_kept(database, fields, code):
    door = await door_of(database)

    receipt = await door.record(a_record("101"), a_record("102", **fields), a_record("103"))

    assert receipt.outcomes == ["new", "rejected", "new"]
    assert [(problem.package, problem.code) for problem in receipt.problems if problem.package == "102"] == [
        ("102", code)
    ]
    assert (await one(database, "SELECT count(*) AS kept FROM packages"))["kept"] == 2


async def test_winners_whose_sum_fits_no_column_are_refused_together(database):
    door = await door_of(database)
    winners = [an_award(f"CV Contoh {n}", contract_value=MAX_AMOUNT) for n in range(2)]

    receipt = await door.record(a_record("101", awards=winners), a_record("102", awards=winners[:1]))

    assert receipt.outcomes == ["rejected", "new"]
    assert [problem.code for problem in receipt.problems] == ["amount-too-large"]
    assert (await one(database, "SELECT value FROM packages"))["value"] == MAX_AMOUNT
