"""Of several forms of an answer each reader gets the one it wants."""

import pytest

from app.kit.web.negotiation import preferred

JSON, LINES, EVENTS = OFFERS = ("application/json", "application/x-ndjson", "text/event-stream")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (EVENTS, EVENTS),
        (f"{EVENTS}, */*", EVENTS),
        (LINES, LINES),
        (LINES.upper(), LINES),
        (f"{LINES};q=0.9, {JSON};q=0.5", LINES),
        (f"{LINES}; charset=utf-8", LINES),
        (f"{JSON}, {LINES}, {EVENTS}, application/problem+json", JSON),
        (f"{EVENTS}, {LINES}, {JSON}", JSON),
        (f"{JSON};q=0, {LINES}", LINES),
        ("text/*", EVENTS),
        (f"text/*, {EVENTS};q=0", JSON),
        (f"{EVENTS};q=x", JSON),
        ("image/png", JSON),
        (",;,", JSON),
    ],
)
def test_the_form_follows_what_is_accepted(accept, form):
    assert preferred(accept, OFFERS) == form
