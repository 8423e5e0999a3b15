"""What a release must say so that what is no longer so does not outlive it: merging only ever adds. Pure.

OCDS takes a field back by null, and an award, a contract or a bid by its status. Of other objects in lists (documents,
payments) the contents are taken back and the id remains; organisations and tenderers, once named, stay named, and a count
stays until there is another.
"""

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]

_ENDED: dict[str, str] = {"awards": "cancelled", "contracts": "cancelled", "details": "withdrawn"}
_KEPT = frozenset(
    {"parties", "tenderers", "suppliers", "buyer", "procuringEntity", "payee", "statistics"}
    | {"period", "enquiryPeriod", "tenderPeriod", "awardPeriod"}
)
"""Lists and objects that cannot be taken back: null is no value of theirs, and nothing may be left empty."""
_ALWAYS_SAID = frozenset({"id", "ocid", "date", "tag", "language", "initiationType", "awardID", "measure", "currency"})


def take_back(known: Mapping[str, Any], said: Object) -> None:
    """Add to what is said now whatever takes back what is known from earlier releases and said no longer."""
    for name, before in known.items():
        now = said.get(name)
        if name in _ALWAYS_SAID or (name in _KEPT and not (isinstance(before, dict) and now)):
            continue
        if isinstance(before, dict):
            if (rest := _object(before, now)) is not None:
                said[name] = rest
        elif _is_list_of_objects(before):
            if rests := _items(name, before, now or []):
                said[name] = rests
        elif now is None:
            said[name] = None


def _object(before: Mapping[str, Any], now: Object | None) -> Object | None:
    """An object with what takes its former fields back; None where nothing needs to be said."""
    said: Object = {} if now is None else now
    take_back(before, said)
    if now is None and said and "currency" in before:
        # An amount is taken back, not its currency: no empty object may be left.
        said["currency"] = before["currency"]
    return said or None


def _items(name: str, before: list[Object], now: list[Object]) -> list[Object]:
    present = {item["id"]: item for item in now}
    gone: list[Object] = []
    for item in before:
        if (same := present.get(item["id"])) is not None:
            take_back(item, same)
        elif name in _ENDED:
            if item.get("status") != _ENDED[name]:
                gone.append({"id": item["id"], **_reference(item), "status": _ENDED[name]})
        else:
            stub: Object = {"id": item["id"]}
            take_back(item, stub)
            if len(stub) > 1:
                gone.append(stub)
    return [*now, *gone]


def _reference(item: Object) -> Object:
    return {"awardID": item["awardID"]} if "awardID" in item else {}


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
