"""One whole answer, as it came, and its text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_META_REACH = 1024
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_CHARSET = re.compile(rb"""<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)

# Only these are believed. Python knows codecs that are no charsets, and slow ones, under names that a stranger could
# send. As browsers do, the Latin-1 family is read as Windows-1252, which is what such pages really are.
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso8859-15",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered. `content` is decompressed and known to be whole; `url` is where it came from in the end.

    `headers` have lower-case names; one that came several times is joined with ", ". `redirects` are the URLs that led
    here, oldest first. `framed` is false when the host did not say how long the body is, so that a cut connection
    would have looked the same: then only the content itself can show that it is whole. `certificate_expires_at` is the
    end of the certificate by which the host proved its name; None without TLS.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    fetched_at: datetime
    redirects: tuple[str, ...] = ()
    framed: bool = True
    certificate_expires_at: datetime | None = None

    @property
    def media_type(self) -> str:
        """Such as "text/html"; empty when the host did not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The content as text, never an error: a byte that no charset knows becomes U+FFFD.

        The charset is that of a byte order mark, the header, a `<meta>` in the first kilobyte, or UTF-8. What calls
        itself UTF-8 and is none was written by an old server in Windows-1252.
        """
        codec = self._codec()
        try:
            return self.content.decode(codec)
        except UnicodeDecodeError:
            return self.content.decode("cp1252" if codec.startswith("utf-8") else codec, errors="replace")

    def _codec(self) -> str:
        if self.content.startswith(b"\xef\xbb\xbf"):
            return "utf-8-sig"
        header = _HEADER_CHARSET.search(self.headers.get("content-type", ""))
        named = _CODECS.get(header[1].lower()) if header else None
        if named is None and (meta := _META_CHARSET.search(self.content, 0, _META_REACH)):
            named = _CODECS.get(meta[1].decode("ascii", "replace").lower())
        return named or "utf-8"
