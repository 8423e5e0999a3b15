"""Who is asking, and in which role."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller is to the hub; `permissions.PERMISSIONS` says what each may do."""

    PROVINCE = "province"
    """The bureau that keeps the hub."""
    NODE = "node"
    """Whoever works one or several nodes, and speaks for these only."""
    READER = "reader"
    """An auditor or a colleague who reads what the public does not, and writes nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever is asking. `id` stays the same over all secrets of one key: “key:12”, “oidc:<issuer>|<subject>”."""

    id: str
    key_id: int | None
    role: Role
    name: str
    nodes: frozenset[str] = frozenset()
    """The slugs of the nodes that a node's caller speaks for; empty for the other roles, which are bound to none."""


COMMAND_LINE = Caller(id="command-line", key_id=None, role=Role.PROVINCE, name="command line")
"""Whoever works at the hub's own command line: they hold the database, so no key could stop them; the trail names them."""
