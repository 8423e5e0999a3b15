"""Bodies from strangers: whatever is sent, the answer is a refusal with a reason, and never a fault of ours."""

import json

from app.kit.web.body_manners import LINGER_BYTES

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


def a_node(**fields):
    return {"slug": "contoh", "name": "LPSE Contoh", **fields}


def an_endpoint(**fields):
    return {"interface": "spse", "base_url": "https://spse.contoh.example/contoh", **fields}


async def test_a_body_that_says_it_is_too_large_is_refused_unread(keeper):
    answer = await keeper.post("/api/v1/nodes", content=b" " * (MIB + 1), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_body_without_end_is_refused_as_soon_as_it_is_too_large(keeper):
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 1000 * MIB:
            sent += 65536
            yield b" " * 65536

    answer = await keeper.post("/api/v1/nodes", content=endless(), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert sent <= MIB + LINGER_BYTES + 3 * 65536


async def test_the_largest_body_is_read(keeper):
    body = json.dumps(a_node()).encode()

    answer = await keeper.post("/api/v1/nodes", content=body + b" " * (MIB - len(body)), headers=JSON)

    assert answer.status_code == 201


async def test_a_body_where_none_belongs_is_measured_too(keeper):
    answer = await keeper.request("GET", "/api/v1/nodes", content=b" " * (MIB + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


UNREADABLE = [
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"[" * 500_000,
    b'{"slug":"\xff\xfe"}',
    b'{"slug":"contoh","name":"a","kd_lpse":' + b"9" * 5000 + b"}",
    b'{"slug":',
    b"{'slug': 'contoh'}",
]
WRONG = [
    b"null",
    b"[]",
    b"1",
    b'"contoh"',
    b"{}",
    b'{"slug":"contoh"}',
    b'{"slug":"contoh","name":"\\ud800"}',
    b'{"slug":"contoh","name":"a\\u0000"}',
    b'{"slug":"contoh","name":"a\\u202eb"}',
    b'{"slug":"contoh","name":"a\\u2028b"}',
    b'{"slug":"contoh","name":" a"}',
    b'{"slug":"contoh","name":""}',
    b'{"slug":"contoh\\n","name":"a"}',
    b'{"slug":"Contoh","name":"a"}',
    b'{"slug":"-contoh","name":"a"}',
    b'{"\\ud800":"contoh","name":"a"}',
    b'{"slug":"contoh","name":"a","kd_lpse":NaN}',
    b'{"slug":"contoh","name":"a","kd_lpse":1e999}',
    b'{"slug":"contoh","name":"a","kd_lpse":2147483648}',
    b'{"slug":"contoh","name":"a","kd_lpse":0}',
    b'{"slug":"contoh","name":"a","kd_lpse":1.5}',
    b'{"slug":"contoh","name":"a","kd_lpse":true}',
    b'{"slug":"contoh","name":"a","kd_lpse":"7"}',
    b'{"slug":"contoh","name":"a","state":"retired"}',
    b'{"slug":"contoh","name":"a","time_zone":"UTC"}',
    b'{"slug":"contoh","name":"a","region":"\\u0663\\u0665"}',
    b'{"slug":"contoh","name":"a","kd_lspe":7}',
    b'{"slug":"contoh","name":"a","id":7}',
    json.dumps(a_node(name="a" * 201)).encode(),
    json.dumps(a_node(endpoints=[an_endpoint()] * 2)).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(base_url=f"http://contoh.example/{n}") for n in range(21)])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(interface="soap")])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={str(n): n for n in range(21)})])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={"a": {"b": 1}})])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={"a": 10**400})])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={"a": "b\0"})])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={"a\0": "b"})])).encode(),
    json.dumps(a_node(endpoints=[an_endpoint(options={"a": "\ud800"})])).encode(),
    *[
        json.dumps(a_node(endpoints=[an_endpoint(base_url=url)])).encode()
        for url in (
            "ftp://contoh.example/a", "//contoh.example/a", "https://", "https:///a", "https://user:pass@contoh.example/a",
            "https://contoh.example/a?b=1", "https://contoh.example/a#b", "https://contoh.example\\@lain.example/", "https://contoh.example/a b",
            "https://contoh.example/a\0", "https://contoh.example/\ud800", "https://contoh.example/é", "https://contoh.example:99999/", "javascript:alert(1)",
            f"https://contoh.example/{'a' * 300}", "https://contoh.example/\n",
        )
    ],
]  # fmt: skip


async def test_what_cannot_be_read_is_refused(keeper):
    for body in UNREADABLE:
        answer = await keeper.post("/api/v1/nodes", content=body, headers=JSON)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json") or (
            answer.status_code,
            answer.json()["code"],
        ) == (422, "request-invalid"), body[:60]


async def test_what_has_another_form_is_refused_and_nothing_is_kept(keeper):
    for body in WRONG:
        answer = await keeper.post("/api/v1/nodes", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid"), body[:200]
        assert all(error["pointer"].startswith("/body") for error in answer.json()["errors"]), body[:200]

    assert (await keeper.get("/api/v1/nodes/contoh")).status_code == 404


async def test_every_verb_refuses_them(keeper):
    bodies = [
        b"null",
        b"[]",
        b'{"fiscal_year":true}',
        b'{"fiscal_year":1e999}',
        b'{"full":1}',
        b'{"\\ud800":1}',
        b'{"unknown":1}',
    ]
    for method, path in (
        ("PATCH", "/api/v1/nodes/surabaya"),
        ("POST", "/api/v1/nodes/surabaya/runs"),
        ("POST", "/api/v1/run-batches"),
    ):
        for body in [*UNREADABLE, *bodies]:
            answer = await keeper.request(method, path, content=body, headers=JSON)
            assert answer.status_code in {400, 422}, (method, path, body[:60])
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_does_not_say_it_is_json_is_refused(keeper):
    for media_type in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "application/jsonx",
        "",
    ):
        answer = await keeper.post("/api/v1/nodes", content=b"{}", headers={"Content-Type": media_type})
        assert (answer.status_code, answer.json()["code"]) == (415, "media-type-unsupported"), media_type


async def test_json_may_be_called_by_its_names(keeper):
    for media_type in (
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ):
        answer = await keeper.patch("/api/v1/nodes/surabaya", content=b"{}", headers={"Content-Type": media_type})
        assert answer.status_code == 200, media_type


async def test_a_missing_body_is_a_missing_body(keeper):
    answer = await keeper.post("/api/v1/nodes")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "missing")
