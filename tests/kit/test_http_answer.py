"""An answer's text, whatever its host says of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.clock import utc_now
from app.kit.http import Answer
from tests.kit.strangers import ask, reply, says


def an_answer(content, content_type=None):
    headers = {} if content_type is None else {"content-type": content_type}
    return Answer("http://node.example/", 200, headers, content, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("Kabupaten – “é”".encode(), "text/html; charset=utf-8", "Kabupaten – “é”"),
        ("é".encode(), "text/html", "é"),
        ("é".encode(), None, "é"),
        (b"\xe9", "text/html; charset=ISO-8859-1", "é"),
        (b"\x93x\x94", "text/html; charset=iso-8859-1", "“x”"),
        (b"\xe9", 'text/html;CHARSET="windows-1252"', "é"),
        (b'<meta charset="latin1">\xe9', "text/html", '<meta charset="latin1">é'),
        (b"<META http-equiv=x content='text/html; charset=iso-8859-1'>\xe9", "text/html", None),
        ('<meta charset="latin1">é'.encode(), "text/html; charset=utf-8", '<meta charset="latin1">é'),
        (b"\xef\xbb\xbf" + "é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é".encode("utf-16"), "text/html; charset=utf-16", "é"),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        (b" " * 1024 + b'<meta charset="latin1">' + "é".encode(), None, " " * 1024 + '<meta charset="latin1">é'),
        (b"abc\xffdef", "text/html; charset=utf-8", "abc\xffdef"),
    ],
)
def test_the_charset_is_found_where_it_is_told(content, content_type, text):
    answer = an_answer(content, content_type)

    assert answer.text == (text or content.decode("latin-1"))


@given(
    st.binary(),
    st.one_of(
        st.text(),
        st.sampled_from(
            [
                "utf-8",
                "utf-16",
                "utf-7",
                "idna",
                "undefined",
                "unicode_escape",
                "zlib",
                "base64",
                "hex",
                "rot13",
                "punycode",
                "mbcs",
            ]
        ),
    ),
)
def test_text_is_never_an_error(content, charset):
    assert isinstance(an_answer(content, f"text/html; charset={charset}").text, str)
    assert isinstance(an_answer(b"<meta charset=" + charset.encode("utf-8", "replace") + b">" + content).text, str)


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [(None, ""), ("text/html", "text/html"), (" Application/JSON ; charset=x", "application/json"), ("", "")],
)
def test_the_media_type_stands_before_its_parameters(content_type, media_type):
    assert an_answer(b"", content_type).media_type == media_type


async def test_headers_are_found_by_lower_case_names_and_repeated_ones_are_joined():
    odd = b"HTTP/1.1 200 OK\r\nX-Many: a\r\nx-many: b\r\nX-Utf: \xc3\xa9\r\nX-Latin: \xe9\r\nContent-Length: 0\r\n\r\n"
    before = utc_now()

    answer = await ask(says(odd))

    assert answer.headers == {"x-many": "a, b", "x-utf": "é", "x-latin": "é", "content-length": "0"}
    assert before <= answer.fetched_at <= utc_now()
    assert answer.fetched_at.tzinfo is UTC


async def test_an_answer_holds_what_was_said():
    answer = await ask(says(reply(b'{"data": []}', status=404, content_type="application/json")))

    assert (answer.status, answer.text, answer.media_type) == (404, '{"data": []}', "application/json")
    assert answer.redirects == ()
