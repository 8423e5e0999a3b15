"""What surrounds every request: its id, security headers, and which browsers may read."""

import httpx
import pytest

from app.main import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")


EVERY_KIND = [
    "/api/v1/nodes?limit=1",
    "/api/v1/nodes/atlantis",
    "/nope",
    "/livez",
    "/openapi.json",
    "/docs/assets/swagger-ui.css",
]


@pytest.mark.parametrize("path", EVERY_KIND)
async def test_every_answer_carries_an_id_of_its_own_and_headers_that_keep_browsers_honest(reader, path):
    first, second = await reader.get(path), await reader.get(path)

    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["x-frame-options"] == "DENY"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert first.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_usable_id_of_the_caller_is_kept(reader):
    answer = await reader.get("/api/v1/nodes/atlantis", headers={"X-Request-Id": "dasbor-2026.11_22"})

    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "dasbor-2026.11_22"


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space", "new\tline", "ünïcödé-id", '"><script>', "a;b=c;d=e"]
)
async def test_any_other_id_is_replaced(reader, given):
    answer = await reader.get("/livez", headers=[(b"x-request-id", given.encode())])

    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-request-id"].isalnum()


async def test_any_page_may_read(reader):
    answer = await reader.get("/api/v1/nodes?limit=1", headers={"Origin": "https://dasbor.example"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert {"ETag", "Location", "X-Request-Id"} <= set(answer.headers["access-control-expose-headers"].split(", "))


async def test_a_page_may_also_read_a_refusal(reader):
    answer = await reader.get("/api/v1/nodes/atlantis", headers={"Origin": "https://dasbor.example"})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, "*")


async def test_what_everybody_may_read_says_so_to_all_alike(reader):
    asked, unasked = await reader.get("/livez", headers={"Origin": "https://a.example"}), await reader.get("/livez")

    for answer in (asked, unasked):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "origin" not in answer.headers["vary"].lower()


def may(answer, header):
    """Whether a browser would send its request after this answer to its preflight."""
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    return answer.status_code == 200 and header.lower() in allowed


@pytest.mark.parametrize(
    "header",
    [
        "If-None-Match", "If-Modified-Since", "Range", "If-Range", "Accept", "Accept-Language", "Authorization", "Last-Event-ID",
        "X-Request-Id", "Cache-Control",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/nodes", "/api/v1/changes", "/api/v1/nothing"])
async def test_a_browser_that_asks_first_is_told_what_it_may_send(reader, path, header):
    answer = await reader.options(
        path,
        headers={
            "Origin": "https://dasbor.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": header.lower(),
        },
    )

    assert may(answer, header)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert {"GET", "HEAD"} == set(answer.headers["access-control-allow-methods"].split(", "))
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "x-request-id" in answer.headers


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match", "Content-Type: x", "X-Anything"])
async def test_a_browser_is_told_what_it_may_not_send(reader, header):
    answer = await reader.options(
        "/api/v1/nodes",
        headers={
            "Origin": "https://dasbor.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": header,
        },
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-origin-refused")


@pytest.mark.parametrize(
    "header",
    [
        "ETag", "Last-Modified", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "Content-Range", "Accept-Ranges",
        "X-Request-Id", "X-Next-Cursor", "Content-Digest", "Repr-Digest", "Unencoded-Digest", "Content-Disposition",
    ],
)  # fmt: skip
async def test_a_page_may_see_what_programs_go_by(reader, header):
    answer = await reader.get("/api/v1/nodes?limit=1", headers={"Origin": "https://dasbor.example"})

    assert header in answer.headers["access-control-expose-headers"].split(", ")


async def test_options_without_a_page_behind_it_is_a_method_like_others(reader):
    answer = await reader.options("/api/v1/nodes")

    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_page_may_not_write_for_its_visitor(reader, method):
    answer = await reader.options(
        "/api/v1/nodes", headers={"Origin": "https://dasbor.example", "Access-Control-Request-Method": method}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-origin-refused")


async def test_only_the_named_origins_may_read_when_the_operator_names_some(settings):
    named = settings.model_copy(update={"cors_origins": ("https://dasbor.example",)})
    app = create_app(named)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller,
    ):
        friend = await caller.get("/livez", headers={"Origin": "https://dasbor.example"})
        stranger = await caller.get("/livez", headers={"Origin": "https://orang-lain.example"})
        nobody = await caller.get("/livez")
        refused = await caller.options(
            "/livez",
            headers={"Origin": "https://orang-lain.example", "Access-Control-Request-Method": "GET"},
        )

    assert "Origin" in friend.headers["vary"]
    assert "Origin" in stranger.headers["vary"]
    assert "Origin" in nobody.headers["vary"]
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    assert friend.headers["access-control-allow-origin"] == "https://dasbor.example"
    assert "access-control-allow-origin" not in stranger.headers
