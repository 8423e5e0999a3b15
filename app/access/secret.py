"""What a key looks like: a prefix that scanners know, 256 random bits, and a checksum that tells a slip of the pen."""

import hashlib
import re
import secrets
import string
from zlib import crc32

PREFIX = "rakor_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH = 43
"""62^43 is more than 2^256."""
_CHECK_LENGTH = 6
"""62^6 is more than 2^32."""
_FORM = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECK_LENGTH}}}")
_FORMER_FORM = re.compile(f"{PREFIX}[0-9A-Za-z_-]{{43}}")
"""Keys that were made before there was a checksum."""


def make_secret() -> str:
    """A secret that nobody has had before. One double click selects all of it."""
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def has_form(secret: str) -> bool:
    """Whether this can be a key at all: what cannot is refused without asking the database."""
    if _FORM.fullmatch(secret):
        return _checksum(secret[:-_CHECK_LENGTH]) == secret[-_CHECK_LENGTH:]
    return _FORMER_FORM.fullmatch(secret) is not None


def hash_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _checksum(body: str) -> str:
    number, letters = crc32(body.encode()), []
    for _ in range(_CHECK_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))
