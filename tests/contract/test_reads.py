"""What programs may go by when they read: links from page to page, fields of their choice, tags and moments."""

import re
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.vocabulary import PackageKind
from app.kit.json import loads
from app.kit.web.sparse import MEDIA_TYPE
from app.procurement.schemas import PackageDetail
from tests.conftest import NOW
from tests.records import a_record, door_of

module_loop = pytest.mark.asyncio(loop_scope="module")
LATER = NOW + timedelta(days=1)


def links_of(answer):
    """Where an answer's Link header leads, by relation."""
    return {relation: target for target, relation in re.findall(r'<([^>]*)>; rel="([^"]+)"', answer.headers["link"])}


# Links


@module_loop
async def test_following_next_links_reads_a_whole_list_once(reader):
    seen, path = [], "/api/v1/nodes?province=35&limit=7"
    while path:
        page = await reader.get(path)
        seen += [node["slug"] for node in page.json()["items"]]
        links = links_of(page)
        assert ("next" in links) == (page.json()["next"] is not None)
        assert links["first"] == "/api/v1/nodes?province=35&limit=7"
        path = links.get("next")

    whole = (await reader.get("/api/v1/nodes?province=35&limit=1000")).json()["items"]
    assert seen == [node["slug"] for node in whole]
    assert len(seen) == len(set(seen)) > 30


@module_loop
async def test_a_link_keeps_every_other_parameter_as_it_was_said(reader):
    asked = "/api/v1/nodes?limit=1&fields=slug,name&after=2d2d&state=active"
    following = urlsplit(links_of(await reader.get(asked))["next"])

    assert following.path == "/api/v1/nodes"
    query = parse_qs(following.query)
    assert (query["fields"], query["state"], query["limit"]) == (["slug,name"], ["active"], ["1"])
    assert len(query["after"]) == 1


@module_loop
async def test_a_link_says_what_was_asked_without_breaking_the_header(reader):
    answer = await reader.get("/api/v1/packages", params={"q": 'meja <"é">, ; kursi', "limit": 1})

    first = links_of(answer)["first"]
    assert parse_qs(urlsplit(first).query) == {"q": ['meja <"é">, ; kursi'], "limit": ["1"]}
    assert answer.headers["link"].isascii()


@module_loop
async def test_a_question_too_long_for_a_header_finds_its_next_page_in_the_body(reader):
    nodes = [f"node-{number}-" + "x" * 40 for number in range(100)]
    answer = await reader.get("/api/v1/packages", params={"node": nodes})

    assert answer.status_code == 200
    assert "link" not in answer.headers


@module_loop
async def test_what_is_no_list_has_no_pages(reader):
    assert "link" not in (await reader.get("/api/v1/regions/35")).headers
    assert "link" not in (await reader.get("/api/v1/nodes/atlantis")).headers


@module_loop
async def test_the_way_in_leads_to_what_describes_it(reader):
    stated = (await reader.get("/api/v1")).headers["link"]
    assert '</openapi.json>; rel="service-desc"' in stated
    assert '</docs>; rel="service-doc"' in stated


# Fields


@module_loop
async def test_only_the_fields_that_are_asked_for_are_sent(reader):
    answer = await reader.get("/api/v1/nodes?province=35&limit=3&fields=slug,region")

    assert answer.headers["content-type"] == MEDIA_TYPE
    assert [list(item) for item in answer.json()["items"]] == [["slug", "region"]] * 3
    assert set(answer.json()) == {"items", "next"}


@module_loop
@pytest.mark.parametrize("asked", ["fields=slug,region", "fields=slug&fields=region", "fields=slug,slug,region"])
async def test_fields_may_be_named_in_one_parameter_or_several(reader, asked):
    answer = await reader.get(f"/api/v1/nodes?limit=1&{asked}")

    assert [list(item) for item in answer.json()["items"]] == [["slug", "region"]]


@module_loop
@pytest.mark.parametrize("name", ["id", "said", "search", "Slug", "slug ", "", "__dict__", "next", "x" * 300])
async def test_a_field_that_there_is_not_is_refused_with_the_names_of_those_there_are(reader, name):
    answer = await reader.get("/api/v1/nodes", params={"fields": f"slug,{name}"})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/query/fields", "unknown_field")
    assert f"“{name[:40]}”" in error["detail"]
    assert "slug, name, kd_lpse" in error["detail"]


@module_loop
@pytest.mark.parametrize("path", ["/api/v1/nodes/surabaya", "/api/v1/statistics/savings", "/livez"])
async def test_where_nothing_can_be_chosen_fields_is_no_parameter(reader, path):
    answer = await reader.get(path, params={"fields": "slug"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown_parameter"


async def test_sparse_packages_say_the_same_as_whole_ones(client, database):
    surabaya = await door_of(database)
    await surabaya.record(a_record("101"), a_record("102", kind=PackageKind.NON_TENDER, pagu=Decimal("1500000.25")))
    whole = loads((await client.get("/api/v1/packages")).content)["items"]

    for fields in (["node", "kind", "code", "value"], ["awards"], ["pagu"], ["last_seen_at", "code"]):
        answer = await client.get("/api/v1/packages", params={"fields": ",".join(fields)})
        assert loads(answer.content)["items"] == [{name: item[name] for name in fields} for item in whole]


async def test_one_package_can_be_sparse_and_every_field_of_it_can_be_asked_for(client, database):
    await (await door_of(database)).record(a_record("101"))
    path = "/api/v1/packages/surabaya/tender/101"
    whole = loads((await client.get(path)).content)

    for name in PackageDetail.model_fields:
        answer = await client.get(path, params={"fields": name})
        assert loads(answer.content) == {name: whole[name]}


async def test_what_is_masked_stays_masked_whatever_is_asked_for(client, database):
    npwp = "07.345.678.9-012.000"
    surabaya = await door_of(database)
    await surabaya.record(
        a_record("101", awards=[{"supplier_name": "Budi Contoh", "npwp": npwp, "address": None}], satker_name=npwp)
    )

    answer = await client.get("/api/v1/packages?fields=awards,satker_name")

    assert npwp not in answer.text


async def test_a_sparse_answer_has_a_tag_of_its_own(client, database):
    await (await door_of(database)).record(a_record("101"))
    sparse = await client.get("/api/v1/packages?fields=code")

    again = await client.get("/api/v1/packages?fields=code", headers={"If-None-Match": sparse.headers["etag"]})
    other = await client.get("/api/v1/packages?fields=node", headers={"If-None-Match": sparse.headers["etag"]})

    assert (again.status_code, other.status_code) == (304, 200)


# Tags and moments


async def test_a_package_says_when_it_was_last_heard_of(client, database):
    surabaya = await door_of(database)
    await surabaya.record(a_record("101"))
    path = "/api/v1/packages/surabaya/tender/101"
    first = await client.get(path)

    await surabaya.record(a_record("101"), now=LATER)
    seen_again = await client.get(path, headers={"If-Modified-Since": first.headers["last-modified"]})

    assert first.headers["last-modified"] == format_datetime(NOW, usegmt=True)
    assert seen_again.status_code == 200  # nothing but `last_seen_at` is another
    assert seen_again.headers["last-modified"] == format_datetime(LATER, usegmt=True)
    assert (
        await client.get(path, headers={"If-Modified-Since": seen_again.headers["last-modified"]})
    ).status_code == 304


async def test_a_package_as_it_was_and_lists_have_no_moment(client, database):
    await (await door_of(database)).record(a_record("101"))

    for path in ("/api/v1/packages", f"/api/v1/packages/surabaya/tender/101?as_of={LATER.date()}", "/api/v1/nodes"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "last-modified" not in answer.headers
        assert "etag" in answer.headers


async def test_a_package_with_a_key_has_a_tag_but_no_moment(keeper, database):
    await (await door_of(database)).record(a_record("101"))
    answer = await keeper.get("/api/v1/packages/surabaya/tender/101")

    assert answer.headers["cache-control"] == "private, no-cache"
    assert "etag" in answer.headers
    assert "last-modified" not in answer.headers


@module_loop
@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/openapi.json",
        "/problems",
        "/docs/assets/swagger-ui.css",
        "/api/v1/submission-schemas/rakor-package/template.xlsx",
        "/api/v1/submission-schemas/rakor-package",
        "/api/v1/statistics/formulas",
        "/api/v1/rankings",
        "/api/v1/changes",
    ],
)
async def test_everything_public_has_a_tag_and_is_not_sent_twice(reader, path):
    first = await reader.get(path)
    again = await reader.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@module_loop
@pytest.mark.parametrize("path", ["/api/v1/nodes", "/api/v1/nodes?limit=1", "/openapi.json", "/api/v1/nodes/atlantis"])
async def test_what_may_come_compressed_says_so_whether_it_does_or_not(reader, path):
    plain = await reader.get(path, headers={"Accept-Encoding": "identity"})
    packed = await reader.get(path, headers={"Accept-Encoding": "zstd"})

    assert "Accept-Encoding" in plain.headers["vary"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert plain.headers.get("etag") == packed.headers.get("etag")
    if "etag" in plain.headers:
        known = await reader.get(path, headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": "zstd"})
        assert "Accept-Encoding" in known.headers["vary"]
        assert "content-encoding" not in known.headers
