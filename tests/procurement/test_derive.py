"""The rules by which a package follows from what its sources said."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.dates import TimeZone
from app.core.vocabulary import Interface, ValueBasis
from app.procurement.derive import PRECEDENCE, Said, derive, hash_of
from tests.records import an_award

INSTITUTIONS = {"Kota Surabaya": "D181", "D158": "D158"}


def derived(*observed, zone=TimeZone.WIB, **fields):
    """The state that follows from (source, fields) pairs, or from what SPSE alone says."""
    observed = observed or ((Interface.SPSE, fields),)
    full = [Said(source, {"fiscal_years": [2025], **said}) for source, said in observed]
    return derive(full, zone=zone, institutions=INSTITUTIONS)


def completed(*awards, **fields):
    return derived(status="completed", awards=list(awards), **fields)


def test_the_first_source_of_the_published_order_gives_every_field_it_speaks_of():
    state = derived(
        (Interface.ISB, {"name": "from isb", "stage": "from isb", "reason": "from isb"}),
        (Interface.PUSH, {"name": "from push"}),
        (Interface.SPSE, {"name": "from spse", "stage": "from spse"}),
    )

    assert (state["name"], state["stage"], state["reason"]) == ("from push", "from spse", "from isb")
    assert state["source"] == Interface.PUSH


@given(st.permutations(PRECEDENCE))
def test_the_order_in_which_sources_are_looked_at_does_not_matter(order):
    says = {source: {"name": source, f"{basis}_value": Decimal(rank)} for rank, (source, basis) in enumerate(zip(PRECEDENCE, [*ValueBasis, "pdn"], strict=True), start=1)}  # fmt: skip

    state = derived(*((source, says[source]) for source in order))

    assert state == derived(*says.items())
    assert state["name"] == "push"


def test_a_source_that_says_none_is_believed_and_one_that_is_silent_is_not():
    spse = (Interface.SPSE, {"pagu": Decimal("5.00"), "hps": Decimal("4.00"), "labels": ["Tender Ulang"]})

    state = derived((Interface.PUSH, {"pagu": None, "labels": []}), spse)

    assert state["pagu"] is None
    assert state["labels"] == []
    assert state["hps"] == Decimal("4.00")


@pytest.mark.parametrize("basis", ValueBasis)
def test_value_rests_on_the_strongest_basis_there_is(basis):
    weaker = list(ValueBasis)[list(ValueBasis).index(basis) :]
    amounts = {f"{name}_value": Decimal(rank) for rank, name in enumerate(weaker, start=7)}

    state = completed(an_award(**amounts))

    assert (state["value"], state["value_basis"]) == (Decimal(7), basis)


def test_value_follows_the_first_basis_that_every_winner_has_and_is_their_sum():
    state = completed(
        an_award("CV Contoh Satu", contract_value=Decimal("10.10"), negotiated_value=Decimal("11.11"), bid_value=Decimal(12)),
        an_award("CV Contoh Dua", negotiated_value=Decimal("20.02"), bid_value=Decimal(22)),
    )  # fmt: skip

    assert (state["value"], state["value_basis"]) == (Decimal("31.13"), ValueBasis.NEGOTIATED)
    assert state["contract_value"] is None
    assert state["bid_value"] == Decimal(34)
    assert [award["value"] for award in state["awards"]] == [Decimal("11.11"), Decimal("20.02")]


def test_no_basis_that_every_winner_has_means_no_value():
    state = completed(an_award(contract_value=Decimal(10)), an_award("CV Contoh Dua", bid_value=Decimal(20)))

    assert (state["value"], state["value_basis"]) == (None, None)


def test_a_stated_total_counts_where_no_winner_states_the_amount():
    state = completed(an_award(bid_value=Decimal(8)), contract_value=Decimal(7))

    assert (state["value"], state["value_basis"]) == (Decimal(7), ValueBasis.CONTRACT)


def test_a_stated_total_does_not_stand_in_for_some_missing_contracts():
    state = completed(
        an_award(contract_value=Decimal(10), negotiated_value=Decimal(11)),
        an_award("CV Contoh Dua", negotiated_value=Decimal(21)),
        contract_value=Decimal(10),
    )

    assert (state["value"], state["value_basis"]) == (Decimal(32), ValueBasis.NEGOTIATED)


def test_the_winners_sum_goes_before_the_stated_total():
    assert completed(an_award(contract_value=Decimal(9)), contract_value=Decimal(7))["value"] == Decimal(9)


def test_a_package_without_named_winners_takes_the_stated_totals():
    state = completed(negotiated_value=Decimal(7), bid_value=Decimal(8))

    assert (state["value"], state["value_basis"]) == (Decimal(7), ValueBasis.NEGOTIATED)


def test_winners_of_one_source_meet_the_total_of_another():
    state = derived(
        (Interface.SPSE, {"status": "completed", "awards": [an_award(bid_value=Decimal(8))]}),
        (Interface.INAPROC, {"negotiated_value": Decimal(6)}),
    )

    assert (state["value"], state["value_basis"]) == (Decimal(6), ValueBasis.NEGOTIATED)


def test_an_agreed_amount_of_nothing_is_an_amount():
    state = completed(an_award(contract_value=Decimal("0.00"), bid_value=Decimal(5)))

    assert (state["value"], state["value_basis"]) == (Decimal(0), ValueBasis.CONTRACT)


@pytest.mark.parametrize("status", ["running", "failed", "cancelled", "no_schedule", "other"])
def test_only_a_completed_package_has_a_value(status):
    state = derived(status=status, awards=[an_award(contract_value=Decimal(9))])

    assert (state["value"], state["value_basis"]) == (None, None)
    assert state["contract_value"] == Decimal(9)


def test_a_package_of_which_no_status_is_known_is_other():
    assert derived(name="Pekerjaan Contoh")["status"] == "other"


def test_a_package_belongs_to_the_first_of_its_years_and_keeps_all():
    state = derived(fiscal_years=[2027, 2025, 2026, 2025])

    assert state["fiscal_year"] == 2025
    assert state["fiscal_years"] == [2025, 2026, 2027]


@pytest.mark.parametrize(
    ("zone", "month"), [(TimeZone.WIB, "2025-12"), (TimeZone.WITA, "2026-01"), (TimeZone.WIT, "2026-01")]
)
def test_the_month_of_an_award_is_read_on_the_nodes_own_clock(zone, month):
    assert derived(zone=zone, awarded_at="2025-12-31T16:30:00Z")["awarded_month"] == month


def test_the_three_clocks_turn_the_month_one_after_another():
    turned = [derived(zone=zone, awarded_at="2025-12-31T15:00:00Z")["awarded_month"] for zone in TimeZone]

    assert turned == ["2025-12", "2025-12", "2026-01"]


def test_an_unknown_day_of_award_has_no_month():
    assert derived(awarded_at=None)["awarded_month"] is None
    assert derived()["awarded_month"] is None


def test_an_institution_is_matched_by_name_and_a_stated_code_goes_first():
    assert derived(institution_name="Kota Surabaya")["institution"] == "D181"
    assert derived(institution_name="Kota Surabaya", institution="D158")["institution"] == "D158"
    assert derived(institution_name="Kota Surabaya", institution="D999")["institution"] == "D181"
    assert derived(institution_name="Kota Surabaya", institution="D999")["institution"] == "D181"
    assert derived(institution_name="Kota Khayalan", institution="D999")["institution"] is None
    assert derived(institution_name="Kota Khayalan")["institution"] is None
    assert derived(institution="D999")["institution"] is None
    assert derived()["institution"] is None


def test_equal_meanings_have_equal_fingerprints_whatever_their_spelling():
    assert hash_of({"pagu": Decimal(5), "name": "x"}) == hash_of({"name": "x", "pagu": Decimal("5.00")})
    assert hash_of({"pagu": Decimal("5.00")}) != hash_of({"pagu": Decimal("5.01")})
    assert hash_of({"pagu": None}) != hash_of({})


AMOUNT = st.none() | st.decimals(0, 10**12, places=2)


@given(
    st.lists(st.fixed_dictionaries({f"{basis}_value": AMOUNT for basis in ValueBasis}), max_size=4),
    st.fixed_dictionaries({f"{basis}_value": AMOUNT for basis in ValueBasis}),
)
def test_value_is_never_a_sum_over_some_of_the_winners(winners, stated):
    state = completed(*(an_award(f"CV Contoh {n}", **amounts) for n, amounts in enumerate(winners)), **stated)

    expected = (None, None)
    for basis in reversed(ValueBasis):
        amounts = [winner[f"{basis}_value"] for winner in winners]
        if winners and None not in amounts:
            expected = (sum(amounts), basis)
        elif set(amounts) <= {None} and stated[f"{basis}_value"] is not None:
            expected = (stated[f"{basis}_value"], basis)
    assert (state["value"], state["value_basis"]) == expected
