"""One change as its followers get it: JSON text made of what the database keeps, with nothing that is not for everybody."""

import hashlib
import re
from functools import lru_cache

from app.core.text import mask_identifier
from app.kit.json import dumps_text, loads
from app.procurement.masking import masked

FORMAT = 1
"""By which rules items are written. Raised when the same change would be written otherwise (masking, for one), so that
checkpoints made by other rules are made anew."""

# What a package's state keeps for the hub alone: the winner's identity holds the NPWP as it was stated.
_IDENTITY = re.compile(r'"identity": "(?:[^"\\]|\\.)*", ')
_NPWP = re.compile(r'"npwp": "((?:[^"\\]|\\.)*)"')
# Text in which nobody's number or address can stand is written as it is kept: dates, amounts and codes are set aside,
# and of what remains nine digits and signs in a row, an @, a reference or a letter outside ASCII are looked at closely.
_PERHAPS = re.compile(
    r"[@&\x80-\U0010ffff]|\\u"
    r"|(?<![0-9])"
    r'(?!(?<=")(?!62)[1-9][0-9]{0,13}")'
    r'(?!(?<=")[0-9]{4}-[0-9]{2}-[0-9]{2}[T"])'
    r"(?!(?<=: )[0-9]{1,18}(?:\.[0-9]{2})?[,}])"
    r"[0-9][0-9\s.\-/()]{8}"
)


def public_package(state: str) -> str:
    """A package's kept state as everybody may see it. `state` is jsonb's own spelling, `": "` and `", "` and no more.

    It says what `masked` would: only text that may need it is read and written anew.
    """
    text = _IDENTITY.sub("", state)
    if _PERHAPS.search(text) is None:
        return _NPWP.sub(_masked_npwp, text) if '"npwp": "' in text else text
    return dumps_text(masked(loads(text)))


def _masked_npwp(found: re.Match[str]) -> str:
    return f'"npwp": "{_masked_identifier(found[1])}"'


@lru_cache(maxsize=16384)
def _masked_identifier(npwp: str) -> str:
    return mask_identifier(npwp) or ""


def public_document(entity: str, state: str) -> str:
    """The document of anything else; of these, only what a node says of itself holds people's own text."""
    if entity == "reported_figures":
        document = loads(state)
        return dumps_text({**document, **masked({name: document[name] for name in ("note", "source_document")})})
    return state


class Digest:
    """Items hashed as they are sent: of one page, and of the whole feed up to here."""

    def __init__(self, count: int = 0, chain: bytes = bytes(32)) -> None:
        self.count = count
        self.chain = chain

    def add(self, item: bytes) -> None:
        self.chain = hashlib.sha256(self.chain + hashlib.sha256(item).digest()).digest()
        self.count += 1


def page_digest(lines: bytes) -> str:
    """SHA-256 of a page's items, each followed by a line end: of the very body that is sent as JSON lines."""
    return hashlib.sha256(lines).hexdigest()
