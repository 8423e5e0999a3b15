"""Forms and encodings by the names of HTTP."""

import pytest

from app.submission.forms.catalogue import Encoding, Form, charset_of, encoding_of, form_of


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", Form.JSON),
        ("Application/JSON; charset=utf-8", Form.JSON),
        ("application/x-ndjson", Form.NDJSON),
        ("application/jsonl", Form.NDJSON),
        ("application/x-jsonlines ;charset=utf-8", Form.NDJSON),
        ("text/csv; header=present; charset=windows-1252", Form.CSV),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Form.XLSX),
        ("application/vnd.ms-excel", None),
        ("multipart/form-data; boundary=x", None),
        ("text/html", None),
        ("", None),
        ("application/json, text/csv", None),
    ],
)
def test_a_content_type_names_a_form(content_type, form):
    assert form_of(content_type) is form


@pytest.mark.parametrize(
    ("stated", "encoding"),
    [
        ("", Encoding.IDENTITY),
        ("identity", Encoding.IDENTITY),
        (" GZIP ", Encoding.GZIP),
        ("x-gzip", Encoding.GZIP),
        ("zstd", Encoding.ZSTD),
        ("br", None),
        ("gzip, gzip", None),
    ],
)
def test_a_content_encoding_names_a_compression(stated, encoding):
    assert encoding_of(stated) is encoding


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/csv", None),
        ("text/csv; charset=UTF-8", "utf-8"),
        ('text/csv; charset="windows-1252"', "cp1252"),
        ("text/csv; charset=ISO-8859-1", "cp1252"),
        ("text/csv; charset=koi8-r", None),
        ("text/csv; charset", None),
        ("text/csv;\r\n charset=utf-8", "utf-8"),
    ],
)
def test_a_content_type_may_name_the_characters(content_type, charset):
    assert charset_of(content_type) == charset
