"""Who may do what: one table, asked where the thing is done."""

from enum import StrEnum

from app.access.callers import Caller, Role
from app.access.errors import NotAllowed


class Act(StrEnum):
    """Something that not everybody may do."""

    KEEP_REGISTER = "keep-register"
    """Register, revise and retire nodes; decide what master lists propose."""
    COLLECT = "collect"
    """Have the hub read a node's packages."""
    DECIDE_WITHDRAWAL = "decide-withdrawal"
    """Say that what a list no longer shows is really gone, or give it back."""
    PUSH = "push"
    """Hand over packages of a node."""
    READ_SUBMISSIONS = "read-submissions"
    """See what was handed over for a node: receipts, problems, the body as received."""
    REPORT_FIGURES = "report-figures"
    """State a node's own totals."""
    READ_PERSONAL = "read-personal"
    """See NPWP, NIP and the like unmasked."""
    READ_RAW = "read-raw"
    """Fetch the raw answers of nodes: pages of strangers, with whatever personal data stand in them."""
    KEEP_KEYS = "keep-keys"
    """Make, list, rotate and revoke keys."""
    KEEP_CREDENTIALS = "keep-credentials"
    """Set the secrets by which the hub asks sources."""
    KEEP_WEBHOOKS = "keep-webhooks"
    """Subscribe to what happens, and see how it was delivered; with a node's key to what happens to its own nodes."""
    READ_AUDIT = "read-audit"
    """Read the audit trail."""


class Reach(StrEnum):
    """How far a permission reaches. What concerns no single node needs ALL."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


_NONE, _OWN, _ALL = Reach.NONE, Reach.OWN, Reach.ALL


def _row(province: Reach, node: Reach, reader: Reach) -> dict[Role, Reach]:
    return {Role.PROVINCE: province, Role.NODE: node, Role.READER: reader}


PERMISSIONS: dict[Act, dict[Role, Reach]] = {
    #                           province  node   reader
    Act.KEEP_REGISTER:     _row(_ALL,     _NONE, _NONE),
    Act.COLLECT:           _row(_ALL,     _OWN,  _NONE),
    Act.DECIDE_WITHDRAWAL: _row(_ALL,     _NONE, _NONE),
    Act.PUSH:              _row(_ALL,     _OWN,  _NONE),
    Act.READ_SUBMISSIONS:  _row(_ALL,     _OWN,  _ALL),
    Act.REPORT_FIGURES:    _row(_ALL,     _OWN,  _NONE),
    Act.READ_PERSONAL:     _row(_ALL,     _OWN,  _ALL),
    Act.READ_RAW:          _row(_ALL,     _NONE, _ALL),
    Act.KEEP_KEYS:         _row(_ALL,     _NONE, _NONE),
    Act.KEEP_CREDENTIALS:  _row(_ALL,     _NONE, _NONE),
    Act.KEEP_WEBHOOKS:     _row(_ALL,     _OWN,  _NONE),
    Act.READ_AUDIT:        _row(_ALL,     _NONE, _ALL),
}  # fmt: skip


def may(caller: Caller | None, act: Act, node: str | None = None) -> bool:
    """Whether the table lets a caller do this, to this node if it concerns one. None is the public: it may nothing."""
    if caller is None:
        return False
    reach = PERMISSIONS[act][caller.role]
    return reach is Reach.ALL or (reach is Reach.OWN and node is not None and node in caller.nodes)


def require(caller: Caller | None, act: Act, node: str | None = None) -> None:
    """Refuse what the table does not allow. It looks nothing up: a foreign node and a missing one get the same answer."""
    if not may(caller, act, node):
        raise NotAllowed
