"""Digests that an answer states of itself."""

import base64
import binascii
import re
from collections.abc import Mapping

_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")


def stated_sha256(headers: Mapping[str, str]) -> bytes | None:
    """What an answer's content hashes to as it was before it was compressed for the way; None where it does not say.

    Repr-Digest is of the content as it came (RFC 9530): where that is compressed, what is meant stands under another name.
    """
    for name in ("unencoded-digest", "repr-digest"):
        if found := _SHA256.search(headers.get(name, "")):
            try:
                return base64.b64decode(found[1], validate=True)
            except binascii.Error:
                return None
    return None
