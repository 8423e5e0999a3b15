"""The organisations of one contracting process, each under one id for as long as the process goes on."""

import hashlib
import re
from typing import Any

from app.core.text import name_key

Object = dict[str, Any]

_KD_KLPD = re.compile(r"[A-Z]\d{1,5}", re.ASCII)
ROLES = ("buyer", "procuringEntity", "tenderer", "interestedParty", "supplier", "payee")


class Parties:
    """Whom the versions of a package have named so far.

    People and companies are known by what the public sees of them: the name and the masked NPWP. A name that was met
    without NPWP keeps its id when the NPWP becomes known; two NPWP under one name are two parties.
    """

    def __init__(self) -> None:
        self._ids: dict[str, list[tuple[str | None, str]]] = {}
        self._present: dict[str, Object] = {}
        self._roles: dict[str, set[str]] = {}

    def begin(self) -> None:
        """A new release: nobody is in it yet."""
        self._present = {}
        self._roles = {}

    def institution(self, code: str | None, name: str | None) -> Object | None:
        """A buyer, by its kd_klpd where the register knows it."""
        if code is None or _KD_KLPD.fullmatch(code) is None:
            return None if not name else self._add(self._id(name_key(name), None), name, "buyer")
        party = self._add(code, name or code, "buyer")
        self._present[code]["identifier"] = {"scheme": "ID-KLPD", "id": code, "legalName": name or code}
        return party

    def unit(self, name: str, within: str) -> Object:
        """A work unit: every government has a "Dinas Pekerjaan Umum", so its id is within one of them."""
        return self._add(_digest(f"{name_key(within)}/{name_key(name)}"), name, "procuringEntity")

    def again(self, party: Object, role: str) -> Object:
        """The same party in one more role."""
        self._roles[party["id"]].add(role)
        return party

    def supplier(self, name: str, npwp: str | None, role: str, address: str | None = None) -> Object:
        key = name_key(name) or name
        party = self._add(self._id(key, npwp or None), name, role)
        present = self._present[party["id"]]
        if npwp:
            present["identifier"] = {"scheme": "ID-NPWP", "id": npwp, "legalName": name}
        if address:
            present["address"] = {"streetAddress": address, "countryName": "Indonesia"}
        return party

    def all(self) -> list[Object]:
        """The organisations of this release with their roles, by id."""
        return [
            {**party, "roles": [role for role in ROLES if role in self._roles[identifier]]}
            for identifier, party in sorted(self._present.items())
        ]

    def _add(self, identifier: str, name: str, role: str) -> Object:
        self._present.setdefault(identifier, {"id": identifier, "name": name})
        self._roles.setdefault(identifier, set()).add(role)
        return {"id": identifier, "name": self._present[identifier]["name"]}

    def _id(self, key: str, npwp: str | None) -> str:
        known = self._ids.setdefault(key, [])
        for place, (stated, identifier) in enumerate(known):
            if npwp is None or stated in {npwp, None}:
                known[place] = (stated or npwp, identifier)
                return identifier
        identifier = _digest(f"{npwp or ''}|{key}")
        known.append((npwp, identifier))
        return identifier


def _digest(text: str) -> str:
    return f"org-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
