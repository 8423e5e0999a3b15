"""The gateway's envelope says how a list goes on, and its headers when it may be asked again."""

from datetime import UTC, datetime

import pytest

from app.adapters.inaproc.gateway import quota_pause, read_envelope
from app.adapters.inaproc.rows import read_rows
from app.core.vocabulary import PackageKind
from app.kit.http import Answer

TENDER = PackageKind.TENDER


@pytest.mark.parametrize("lpse", [None, "x", 0, -1, 2**40, True])
def test_a_row_without_an_lpse_belongs_to_nobody(lpse):
    entries, [problem] = read_rows(TENDER, "tender/pengumuman", [{"kd_tender": 1, "kd_lpse": lpse}])

    assert entries == []
    assert (problem.code, problem.package) == ("row-unreadable", "1")


@pytest.mark.parametrize(
    ("meta", "cursor", "whole"),
    [
        ({"cursor": "x", "has_more": True}, "x", True),
        ({"cursor": None, "has_more": False}, None, True),
        ({"cursor": "x", "has_more": False}, None, True),
        ({"cursor": "x"}, "x", True),
        ({"cursor": None}, None, True),
        ({"cursor": "", "has_more": True}, None, False),
        ({}, None, True),
        ({"limit": 1}, None, False),
    ],
)
def test_an_envelope_says_how_it_goes_on(meta, cursor, whole):
    page = read_envelope({"success": True, "data": [{}], "meta": meta}, 1000)

    assert (page.cursor, page.whole) == (cursor, whole)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1735689630"}, 30),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1735689500"}, 0),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "12"}, 0),
        ({"x-ratelimit-remaining": "0"}, 0),
        ({}, 0),
    ],
)
def test_a_used_up_quota_says_when_it_comes_back(headers, seconds):
    answer = Answer("http://127.0.0.1/", 200, headers, b"", datetime(2025, 1, 1, tzinfo=UTC))

    assert quota_pause(answer) == seconds
