"""Awards, contracts and payments of one version of a package. Pure."""

from datetime import date
from decimal import Decimal
from typing import Any

from app.core.vocabulary import SAVING_KINDS, PackageStatus
from app.exchange.ocds.parties import Parties
from app.exchange.ocds.sections import State
from app.exchange.ocds.stating import (
    Dates,
    Ids,
    Object,
    Process,
    begin_of,
    end_of,
    first_known,
    rupiah,
    text_of,
    without_gaps,
)

# What an award is worth before anything is signed; what was signed stands with the contract.
_AWARDED = ("negotiated_value", "corrected_value", "bid_value", "award_value")
_ENDED = frozenset({PackageStatus.FAILED, PackageStatus.CANCELLED})
_NOBODY = "unnamed"


class Agreements:
    """What was agreed with whom: an award for each winner, what was signed for it, and what was paid."""

    def __init__(self, state: State, process: Process, parties: Parties, dates: Dates) -> None:
        self._state = state
        self._dates = dates
        self._process = process
        self._parties = parties
        self._award_ids = Ids()
        self.awards: list[Object] = []
        self._contracts: dict[str, Object] = {}
        """By the id of their award."""
        self._award_of: dict[str, str] = {}
        """The award of each supplier who has one."""
        self._add_winners()
        self._add_realizations()

    @property
    def contracts(self) -> list[Object]:
        return list(self._contracts.values())

    def _add_winners(self) -> None:
        winners = self._state["awards"]
        basis = next((name for name in _AWARDED if winners and all(one.get(name) is not None for one in winners)), None)
        for winner in winners:
            stated = self._state if len(winners) == 1 else winner
            amount = winner[basis] if basis else first_known(stated.get(name) for name in _AWARDED)
            signed = first_known((winner.get("contract_value"), stated.get("contract_value")))
            party = self._parties.supplier(
                winner["supplier_name"], winner["npwp"], "supplier", text_of(winner.get("address"))
            )
            self._add(party, amount if amount is not None else signed, signed, alone=len(winners) == 1)
        if not winners:
            amount = first_known(self._state.get(name) for name in _AWARDED)
            signed = self._state["contract_value"]
            if amount is not None or signed is not None:
                # A total without anybody's name is an award all the same.
                self._add(None, amount if amount is not None else signed, signed, alone=True)

    def _add(
        self, party: Object | None, amount: Decimal | int | None, signed: Decimal | int | None, *, alone: bool
    ) -> Object:
        dates = self._dates
        has_contract = signed is not None or (alone and dates.signed is not None)
        award = without_gaps(
            id=self._award_ids.take(f"award-{party['id'] if party else _NOBODY}"),
            status=self._award_status(has_contract=has_contract),
            date=dates.awarded,
            dateBasis=dates.basis if dates.awarded else None,
            value=rupiah(amount),
            suppliers=[party] if party else None,
        )
        self.awards.append(award)
        self._award_of.setdefault(party["id"] if party else _NOBODY, award["id"])
        if has_contract:
            self._sign(award, signed, dates.signed)
        return award

    def _award_status(self, *, has_contract: bool) -> str:
        if self._state["status"] in _ENDED:
            return "cancelled"
        is_final = self._state["status"] == PackageStatus.COMPLETED or self._process.name.kind not in SAVING_KINDS
        return "active" if is_final or has_contract else "pending"

    def _sign(self, award: Object, signed: Decimal | int | None, signed_at: str | None) -> Object:
        contract = without_gaps(
            id=f"contract-{award['id'].removeprefix('award-')}",
            awardID=award["id"],
            status=self._contract_status(),
            value=rupiah(signed),
            dateSigned=signed_at,
            dateBasis=self._dates.basis if signed_at else None,
            period=self._contract_period(),
        )
        self._contracts[award["id"]] = contract
        return contract

    def _contract_status(self) -> str:
        if self._state["status"] in _ENDED:
            return "cancelled"
        is_over = self._state["status"] == PackageStatus.COMPLETED and self._process.name.kind not in SAVING_KINDS
        return "terminated" if is_over else "active"

    def _contract_period(self) -> Object | None:
        """Of what is recorded only its end is known."""
        finished = self._state["finished_on"]
        if finished is None or self._process.name.kind in SAVING_KINDS:
            return None
        return {"endDate": end_of(date.fromisoformat(finished), self._process.zone)}

    def _add_realizations(self) -> None:
        """Payments hang on the contract with their payee; where a record tells of none, they are what tells of it."""
        ids = Ids()
        for number, paid in enumerate(self._state["realizations"], start=1):
            name = text_of(paid.get("supplier_name"))
            payee = self._parties.supplier(name, paid.get("npwp"), "payee") if name else None
            stated = paid.get("realized_on")
            transaction = without_gaps(
                id=ids.take(text_of(paid.get("number")) or f"realisasi-{number}"),
                date=begin_of(date.fromisoformat(stated), self._process.zone) if stated else None,
                value=rupiah(paid.get("value")),
                payee=payee,
            )
            self._implemented(payee)["transactions"].append(transaction)

    def _implemented(self, payee: Object | None) -> dict[str, Any]:
        """The implementation of the contract with this payee."""
        place = self._award_of.get(payee["id"] if payee else _NOBODY)
        if place is None and payee is None and len(self.awards) == 1:
            place = self.awards[0]["id"]
        if place is None:
            if payee is not None:
                self._parties.again(payee, "supplier")
            place = self._add(payee, None, None, alone=False)["id"]
        award = next(award for award in self.awards if award["id"] == place)
        contract = self._contracts.get(place) or self._sign(award, None, None)
        implementation: dict[str, Any] = contract.setdefault("implementation", {"transactions": []})
        return implementation
