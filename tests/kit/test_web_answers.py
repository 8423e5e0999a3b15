"""Answers: exact, tagged by content, 304 for whoever already has them, compressed for whoever asks."""

import gzip

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


READS = [
    "/api/v1",
    "/api/v1/nodes?limit=2",
    "/api/v1/regions/35",
    "/api/v1/packages",
    "/api/v1/statistics/savings",
    "/livez",
]


@pytest.mark.parametrize("path", READS)
async def test_an_unchanged_answer_costs_a_304(reader, path):
    first = await reader.get(path)
    tag = first.headers["etag"]

    again = await reader.get(path, headers={"If-None-Match": tag})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert not {"content-type", "content-length"} & set(again.headers)
    assert again.headers["cache-control"] == "no-cache"
    assert "x-request-id" in again.headers


@pytest.mark.parametrize(
    "form", ["{tag}", "{strong}", "*", " * ", '"other", {tag}', '{tag} , W/"other"', 'W/"a",{strong},"b"']
)
async def test_a_tag_is_recognised_in_every_form(reader, form):
    tag = (await reader.get("/api/v1/regions/35")).headers["etag"]
    asked = form.format(tag=tag, strong=tag.removeprefix("W/"))

    assert (await reader.get("/api/v1/regions/35", headers={"If-None-Match": asked})).status_code == 304


@pytest.mark.parametrize("asked", ['"other"', 'W/"other"', "", ",", '"', "W/", "x" * 9000, "tanpa kutip"])
async def test_another_tag_gets_the_whole_answer(reader, asked):
    answer = await reader.get("/api/v1/regions/35", headers={"If-None-Match": asked})

    assert (answer.status_code, answer.json()["code"]) == (200, "35")


@pytest.mark.asyncio(loop_scope="function")
async def test_the_tag_follows_the_content(keeper):
    before = (await keeper.get("/api/v1/nodes/surabaya")).headers["etag"]

    await keeper.patch("/api/v1/nodes/surabaya", json={"name": "LPSE Kota Surabaya (diubah)"})
    after = await keeper.get("/api/v1/nodes/surabaya", headers={"If-None-Match": before})

    assert after.status_code == 200
    assert after.headers["etag"] != before


async def test_a_refusal_has_no_tag(reader):
    answer = await reader.get("/api/v1/nodes/atlantis", headers={"If-None-Match": "*"})

    assert answer.status_code == 404
    assert "etag" not in answer.headers


@pytest.mark.asyncio(loop_scope="function")
async def test_a_write_is_not_answered_by_304(keeper):
    answer = await keeper.patch("/api/v1/nodes/surabaya", json={}, headers={"If-None-Match": "*"})

    assert answer.status_code == 200


async def test_a_long_answer_is_compressed_for_whoever_asks_and_keeps_its_tag(reader):
    async with reader.stream("GET", "/api/v1/nodes", headers={"Accept-Encoding": "gzip"}) as answer:
        squeezed = b"".join([part async for part in answer.aiter_raw()])
    plain = await reader.get("/api/v1/nodes", headers={"Accept-Encoding": "identity"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert gzip.decompress(squeezed) == plain.content
    assert len(squeezed) < len(plain.content) / 3
    assert "content-encoding" not in plain.headers
    assert answer.headers["etag"] == plain.headers["etag"]


async def test_a_short_answer_is_not_compressed(reader):
    answer = await reader.get("/livez", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", [*READS, "/docs", "/openapi.json", "/docs/assets/swagger-ui.css"])
async def test_head_is_get_without_the_body(reader, path):
    read, headed = await reader.get(path), await reader.head(path)

    assert (headed.status_code, headed.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert headed.headers.get(name) == read.headers.get(name)


async def test_head_of_what_is_not_there_is_a_404_without_a_body(reader):
    answer = await reader.head("/api/v1/nodes/atlantis")

    assert (answer.status_code, answer.content) == (404, b"")


async def test_amounts_are_numbers_written_exactly(reader):
    answer = await reader.get("/api/v1/statistics/savings")

    assert '"pagu":0.00,"value":0.00,"savings":0.00,"ratio":null' in answer.text
