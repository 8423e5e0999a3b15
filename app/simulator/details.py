"""The whole truth of single packages, told from the generated packages themselves, before anything is rendered."""

from collections.abc import Iterable
from typing import Any

from app.simulator.moments import Moments, as_utc, happened, planned
from app.simulator.nodes import SAVING_KINDS, SimulatedNode
from app.simulator.packages import SimulatedPackage
from app.simulator.truth import value_of


def details_of(node: SimulatedNode, packages: Iterable[SimulatedPackage]) -> list[dict[str, Any]]:
    return [detail_of(node, package) for package in packages]


def detail_of(node: SimulatedNode, package: SimulatedPackage) -> dict[str, Any]:
    """Everything that pages and services say of a package. Amounts are Decimal rupiah, moments aware UTC.

    `scheduled` are the starts of the stages whether or not they came; `actual` is what only the national services
    state. Offers, and with them `bidders`, are unknown (None) until the evaluation is public; nobody takes part in what
    is only recorded. Names stand as they were typed: pages show two spaces as one.
    """
    agreed = value_of(package)
    offers = package.participants if package.evaluated else ()
    return {
        "kind": package.kind,
        "code": package.code,
        "name": package.name,
        "badges": list(package.badges),
        "status": package.status,
        "stage": package.stage,
        "institution": package.institution,
        "kd_klpd": node.institution_code(package.institution),
        "kd_lpse": node.kd_lpse,
        "satker": package.satker,
        "category": package.category or None,
        "method": package.method,
        "self_managed_type": package.self_managed_type,
        "fiscal_years": list(package.fiscal_years),
        "fund_sources": list(dict.fromkeys(item.fund for item in package.plan)),
        "rup_codes": [item.code for item in package.plan],
        "reason": package.reason_cancelled,
        "pagu": package.pagu,
        "hps": package.hps,
        "value": agreed[0] if agreed else None,
        "value_basis": agreed[1] if agreed else None,
        "winners": [
            {
                "name": winner.supplier.name,
                "npwp": winner.supplier.npwp,
                "bid": winner.bid,
                "corrected": winner.corrected,
                "negotiated": winner.negotiated,
                "contract": winner.contract,
                "pdn": winner.pdn,
                "umk": winner.umk,
            }
            for winner in package.winners
        ],
        "participants": package.registered if package.kind in SAVING_KINDS else None,
        "bidders": sum(one.bid is not None for one in offers) if package.evaluated else None,
        "offers": [
            {"name": one.supplier.name, "npwp": one.supplier.npwp, "bid": one.bid, "corrected": one.corrected}
            for one in offers
        ],
        "realized": package.realized,
        "pdn": package.pdn,
        "umk": package.umk,
        "realizations": [
            {
                "type": one.type_text,
                "number": one.number,
                "value": one.value,
                "date": one.realized_on,
                "name": one.paid_to.name if one.paid_to else None,
                "npwp": (one.paid_to.npwp or None) if one.paid_to else None,
            }
            for one in package.realizations
        ],
        "schedule": [
            {
                "name": stage.name,
                "starts_at": as_utc(node, stage.starts_at),
                "ends_at": as_utc(node, stage.ends_at),
                "changes": stage.changes,
                "revisions": [
                    {
                        "edited_at": as_utc(node, revision.edited_at),
                        "starts_at": as_utc(node, revision.starts_at),
                        "ends_at": as_utc(node, revision.ends_at),
                        "reason": revision.reason,
                    }
                    for revision in stage.revisions
                ],
            }
            for stage in package.schedule
        ],
        "created_on": package.created_on,
        "finished_on": package.finished_on,
        "scheduled": _moments(node, planned(package)),
        "actual": _moments(node, happened(package)),
    }


def _moments(node: SimulatedNode, moments: Moments) -> dict[str, Any]:
    return {
        "announced_at": as_utc(node, moments.announced_at),
        "awarded_at": as_utc(node, moments.awarded_at),
        "contracted_at": as_utc(node, moments.contracted_at),
    }
