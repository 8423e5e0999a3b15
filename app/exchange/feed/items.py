"""One change as its followers get it: JSON made of what the database keeps, with nothing that is not for everybody."""

import hashlib
from typing import Any

from app.kit.json import dumps, loads
from app.procurement.masking import masked
from app.procurement.showing import shown

FORMAT = 1
"""By which rules items are written. Raised when the same change would be written otherwise (masking, for one), so that
checkpoints made by other rules are made anew."""

_ALWAYS_SAID = {"withdrawn": False, "is_repeated": False}
"""What a kept state leaves out where it is not so."""


def written(head: dict[str, Any], document: dict[str, Any]) -> bytes:
    """The bytes of an item: what they hash to is what checkpoints are made of."""
    return dumps({**head, head["entity"]: document})


def package_document(always: dict[str, Any], state: str) -> dict[str, Any]:
    """A package as of one version: what never changes or is the version's own, then its state, personal data masked."""
    return shown({**always, **_ALWAYS_SAID, **loads(state)}, personal=False)


def other_document(entity: str, state: str) -> dict[str, Any]:
    """The document of anything else; of these, only what a node says of itself holds people's own text."""
    document: dict[str, Any] = loads(state)
    if entity == "reported_figures":
        return {**document, **masked({name: document[name] for name in ("note", "source_document")})}
    return document


class Digest:
    """Items hashed as they are sent, one after another: Dₙ = SHA-256(Dₙ₋₁ + SHA-256(item n)), D₀ being 32 zero bytes."""

    def __init__(self, count: int = 0, chain: bytes = bytes(32)) -> None:
        self.count = count
        self.chain = chain

    def add(self, item: bytes) -> None:
        self.chain = hashlib.sha256(self.chain + hashlib.sha256(item).digest()).digest()
        self.count += 1


def page_digest(lines: bytes) -> str:
    """SHA-256 of a page's items, each followed by a line end: of the very body that is sent as JSON lines."""
    return hashlib.sha256(lines).hexdigest()
