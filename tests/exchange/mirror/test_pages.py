"""A page is believed only as far as its digest and its order go."""

import base64
import hashlib
import json

import pytest

from app.exchange.mirror.pages import PageBroken, read_page

DOCUMENTS = {
    "package": {"node": "surabaya", "kind": "tender", "code": "10001"},
    "node": {"slug": "surabaya"},
    "run": {"id": 7},
    "reported_figures": {"node": "surabaya", "fiscal_year": 2025},
}


def cursor(number, epoch=1):
    return f"{epoch:08x}{5:016x}{number:016x}89abcdef"


def an_item(number=1, entity="package", epoch=1, **fields):
    head = {
        "cursor": cursor(number, epoch),
        "at": "2025-01-01T00:00:00Z",
        "entity": entity,
        "op": "upsert",
        "version": 1,
    }
    return json.dumps({**head, entity: DOCUMENTS.get(entity, {}), **fields})


def read(*lines, after="", most=10, body=None, **headers):
    content = "".join(f"{line}\n" for line in lines).encode() if body is None else body
    stated = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
    told = {"x-next-cursor": cursor(len(lines)), "x-more": "false", "repr-digest": stated}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    told = {name: value for name, value in told.items() if value is not None}
    return read_page(content, told, after=after, most=most)


def test_a_page_is_read_line_by_line_and_to_the_letter():
    lines = [an_item(1), an_item(2, "node"), an_item(3, "run"), an_item(4, "reported_figures")]

    page = read(*lines)

    assert [item.text for item in page.items] == lines
    assert [item.key for item in page.items] == ["surabaya/tender/10001", "surabaya", "7", "surabaya/2025"]
    assert [item.sha256 for item in page.items] == [hashlib.sha256(line.encode()).digest() for line in lines]
    assert page.items[2].numbers == (1, 5, 3)
    assert (page.next, page.more) == (cursor(4), False)


def test_a_kind_of_thing_that_is_not_known_yet_is_kept_all_the_same():
    [item] = read(an_item(1, "meeting")).items

    assert (item.entity, item.key) == ("meeting", "")


def test_a_digest_of_what_was_compressed_has_another_name():
    stated = base64.b64encode(hashlib.sha256(f"{an_item(1)}\n".encode()).digest()).decode()

    page = read(an_item(1), repr_digest="sha-256=:" + "A" * 43 + "=:", unencoded_digest=f"sha-256=:{stated}:")

    assert len(page.items) == 1


def test_an_epoch_goes_before_all_numbers():
    page = read(an_item(9), an_item(1, epoch=2), x_next_cursor=cursor(1, epoch=2))

    assert [item.numbers[0] for item in page.items] == [1, 2]


@pytest.mark.parametrize(
    "broken",
    [
        {"lines": [an_item(1)], "repr_digest": None},
        {"lines": [an_item(1)], "repr_digest": "sha-256=:AAAA:"},
        {"lines": [an_item(1)], "repr_digest": "sha-256=:" + "A" * 43 + "=:"},
        {"lines": [an_item(1)], "x_next_cursor": "besok"},
        {"lines": [an_item(1)], "x_more": "perhaps"},
        {"lines": [], "body": an_item(1).encode()},
        {"lines": ["{"]},
        {"lines": ['{"cursor": 5}']},
        {"lines": [an_item(1, cursor="besok")]},
        {"lines": [an_item(1, package=None)]},
        {"lines": [an_item(1, package={"node": "surabaya", "kind": "tender"})]},
        {"lines": [an_item(1, "run", run={"id": "tujuh"})]},
        {"lines": [], "body": b'{"\xff": 1}\n', "x_next_cursor": cursor(1)},
        {"lines": [an_item(2), an_item(1)]},
        {"lines": [an_item(1), an_item(1)]},
        {"lines": [an_item(1)], "after": cursor(1)},
        {"lines": [an_item(1)], "after": cursor(3)},
        {"lines": [an_item(1)], "x_next_cursor": cursor(2)},
        {"lines": [an_item(1), an_item(2)], "most": 1},
        {"lines": [], "x_more": "true"},
        {"lines": ["[" * 10_000]},
    ],
    ids=lambda broken: str(broken)[:60],
)
def test_whatever_is_not_as_a_feed_promises_is_not_believed(broken):
    lines = broken.pop("lines")

    with pytest.raises(PageBroken):
        read(*lines, **broken)
