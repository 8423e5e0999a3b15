"""Which forms and encodings a body may come in, by the names that HTTP gives them."""

from email.message import Message
from enum import StrEnum


class Form(StrEnum):
    """How rows stand in a body."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"


class Encoding(StrEnum):
    """How a body is compressed."""

    IDENTITY = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMS: dict[str, Form] = {
    "application/json": Form.JSON,
    "text/json": Form.JSON,
    "application/x-ndjson": Form.NDJSON,
    "application/ndjson": Form.NDJSON,
    "application/jsonl": Form.NDJSON,
    "application/x-jsonl": Form.NDJSON,
    "application/jsonlines": Form.NDJSON,
    "application/x-jsonlines": Form.NDJSON,
    "application/json-lines": Form.NDJSON,
    "text/csv": Form.CSV,
    "application/csv": Form.CSV,
    "text/tab-separated-values": Form.CSV,
    XLSX_MEDIA_TYPE: Form.XLSX,
}

ENCODINGS: dict[str, Encoding] = {
    "": Encoding.IDENTITY,
    "identity": Encoding.IDENTITY,
    "gzip": Encoding.GZIP,
    "x-gzip": Encoding.GZIP,
    "zstd": Encoding.ZSTD,
}

_CSV_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    # What browsers and offices call ISO 8859-1 is Windows-1252 (WHATWG Encoding, "Names and labels").
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}


def form_of(content_type: str) -> Form | None:
    """The form that a Content-Type names; None when it is none of ours."""
    return FORMS.get(_media_type(content_type))


def encoding_of(content_encoding: str) -> Encoding | None:
    """The compression that a Content-Encoding names; None when it is none of ours, or several at once."""
    return ENCODINGS.get(content_encoding.strip().lower())


def charset_of(content_type: str) -> str | None:
    """The characters that the sender says a text is written in, as Python names them; None: tell by the bytes."""
    message = Message()
    message["Content-Type"] = _one_line(content_type)
    charset = message.get_param("charset")
    return _CSV_CHARSETS.get(charset.strip().lower()) if isinstance(charset, str) else None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _one_line(text: str) -> str:
    return " ".join(text.split())
