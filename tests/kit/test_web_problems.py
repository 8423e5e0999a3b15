"""Every refusal is a problem: `application/problem+json`, a stable code, both languages, a request id."""

import httpx
import pytest

from app.main import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")


def problem_of(answer, status, code):
    """The body of a refusal, after all that every problem must have."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/problems#{code}")
    assert body["title"]
    assert body["detail"] == body["message"]["en"]
    assert body["message"]["id"] != body["message"]["en"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nope", 404, "not-found"),
        ("/api/v1/nodes/", 404, "not-found"),
        ("/docs/assets/nope.js", 404, "not-found"),
        ("/docs/assets/%2e%2e/%2e%2e/LICENSE", 404, "not-found"),
        ("/api/v1/nodes/atlantis", 404, "node-not-found"),
        ("/api/v1/nodes/atlantis/runs", 404, "node-not-found"),
        ("/api/v1/regions/99", 404, "region-not-found"),
        ("/api/v1/runs/1", 404, "run-not-found"),
        ("/api/v1/runs/1/problems", 404, "run-not-found"),
        ("/api/v1/run-batches/1", 404, "run-batch-not-found"),
        ("/api/v1/packages/surabaya/tender/1", 404, "package-not-found"),
        ("/api/v1/packages/surabaya/tender/1/history", 404, "package-not-found"),
        ("/api/v1/observations/1/answers/pengumuman", 401, "key-required"),
    ],
)
async def test_what_is_not_there_is_a_problem(reader, path, status, code):
    body = problem_of(await reader.get(path), status, code)

    assert body["instance"] == httpx.URL(f"http://rakor.test{path}").path


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nodes?limit=0", "/api/v1/nodes?limit=1001", "/api/v1/nodes?limit=x", "/api/v1/nodes?limit=", f"/api/v1/nodes?limit={'9' * 5000}",
        "/api/v1/nodes?state=asleep", "/api/v1/nodes?province=3", "/api/v1/nodes?province=%D9%A3%D9%A5", "/api/v1/nodes?region=35.7",
        "/api/v1/nodes/SURABAYA", "/api/v1/nodes/a%0A", "/api/v1/nodes/%00", "/api/v1/nodes/%ED%A0%80", f"/api/v1/nodes/{'a' * 64}",
        "/api/v1/regions/35%0A", "/api/v1/regions/%D9%A3%D9%A5", "/api/v1/institutions?type=%00",
        "/api/v1/runs/0", "/api/v1/runs/-1", "/api/v1/runs/9223372036854775808", "/api/v1/runs/%D9%A3", "/api/v1/runs?batch=0",
        "/api/v1/packages?q=%00", f"/api/v1/packages?q={'a' * 201}", "/api/v1/packages?fiscal_year=1999", "/api/v1/packages?fiscal_year=2025&fiscal_year=x",
        "/api/v1/packages?value_min=NaN", "/api/v1/packages?value_min=Infinity", "/api/v1/packages?value_min=-1", "/api/v1/packages?value_min=1e30",
        "/api/v1/packages?value_min=1E-20000", "/api/v1/packages?value_min=1E999999999999", "/api/v1/packages?pagu_max=",
        "/api/v1/packages?announced_from=2025-01-01T00:00:00", "/api/v1/packages?announced_from=2025-01-01", "/api/v1/packages?announced_from=1735689600",
        "/api/v1/packages?announced_from=0001-01-01T00:00:00%2B14:00", "/api/v1/packages?announced_before=9999-12-31T23:59:59-14:00",
        "/api/v1/packages?changed_from=2025-13-01T00:00:00Z", "/api/v1/packages/surabaya/gift/1", "/api/v1/packages/surabaya/tender/1%0A",
        "/api/v1/statistics/savings?group_by=colour", "/api/v1/statistics/savings?group_by=node,,month", "/api/v1/statistics/savings?group_by=node,", "/api/v1/statistics/savings?group_by=node,colour", "/api/v1/statistics/savings?fiscal_year=20x5",
    ],
)  # fmt: skip
async def test_a_malformed_question_is_refused_with_where_it_is_wrong(reader, path):
    body = problem_of(await reader.get(path), 422, "request-invalid")

    assert all(error["pointer"].startswith(("/query/", "/path/")) for error in body["errors"])
    assert all(error["code"] and error["detail"] for error in body["errors"])


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nodes", "/api/v1/nodes/surabaya", "/api/v1/packages", "/api/v1/statistics/savings", "/api/v1", "/livez"],
)
async def test_a_parameter_that_the_address_does_not_know_is_refused(reader, path):
    body = problem_of(await reader.get(f"{path}?provinsi=35"), 422, "request-invalid")

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [("/query/provinsi", "unknown_parameter")]


async def test_a_single_parameter_given_twice_is_refused_because_only_one_would_count(reader):
    body = problem_of(await reader.get("/api/v1/nodes?province=35&province=63"), 422, "request-invalid")

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/query/province", "repeated_parameter")
    ]


async def test_a_parameter_that_means_any_of_may_be_repeated(reader):
    for path in ("/api/v1/packages?node=surabaya&node=malangkota&status=running&status=completed",
                 "/api/v1/statistics/savings?fiscal_year=2024&fiscal_year=2025&group_by=node&group_by=month"):  # fmt: skip
        assert (await reader.get(path)).status_code == 200


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "%00",
        "ffffffffffffffff",
        "8000000000000000",
        "WzQyXQ",
        "WyJcdTAwMDAiXQ",
        "%F0%9F%8F%9B",
        "0" * 600,
        "zz",
        "",
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/v1/nodes", "/api/v1/regions", "/api/v1/institutions", "/api/v1/runs", "/api/v1/packages"]
)
async def test_a_forged_cursor_is_refused(reader, path, forged):
    problem_of(await reader.get(f"{path}?after={forged}"), 422, "cursor-invalid")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/nodes", "GET, HEAD, POST"),
        ("DELETE", "/api/v1/nodes", "GET, HEAD, POST"),
        ("OPTIONS", "/api/v1/nodes", "GET, HEAD, POST"),
        ("TRACE", "/api/v1/nodes", "GET, HEAD, POST"),
        ("BREW", "/api/v1/nodes", "GET, HEAD, POST"),
        ("POST", "/api/v1/nodes/surabaya", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/api/v1/run-batches", "POST"),
        ("HEAD", "/api/v1/run-batches", "POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_which_ones_the_address_takes(reader, method, path, allowed):
    answer = await reader.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        problem_of(answer, 405, "method-not-allowed")


async def test_a_fault_of_ours_says_nothing_of_its_cause_and_can_be_found_by_its_request_id(settings, capsys):
    app = create_app(settings)

    async def break_down() -> None:
        secret = "kata sandi"
        raise RuntimeError(secret)

    app.add_api_route("/api/v1/broken", break_down)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller,
    ):
        answer = await caller.get(
            "/api/v1/broken", headers={"Origin": "https://dasbor.example", "X-Request-Id": "permintaan-77"}
        )

    problem_of(answer, 500, "internal-error")
    assert "sandi" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    log = capsys.readouterr()
    assert "request_id=permintaan-77" in log.out + log.err
    assert "kata sandi" in log.out + log.err
