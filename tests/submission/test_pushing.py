"""Pushing small bodies: taken in at once, row by row, with a receipt that says what became of each."""

import gzip
import hashlib
import json

import pytest
import zstandard
from sqlalchemy import text

from app.access.callers import Role
from tests.submission.conftest import SLUG, URL, Sender, a_row, conserves, lines, make_key


async def test_good_rows_enter_and_the_receipt_says_so(sender, packages):
    body = lines(a_row("9001"), a_row("9002", pagu=2000))

    answer = await sender.push(body=body)

    receipt = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/submissions/{receipt['id']}"
    assert (receipt["node"], receipt["schema"], receipt["form"], receipt["state"]) == (
        SLUG,
        "rakor-package",
        "ndjson",
        "completed",
    )
    assert (receipt["sha256"], receipt["bytes"]) == (hashlib.sha256(body).hexdigest(), len(body))
    assert (receipt["counts"]["seen"], receipt["counts"]["new"], receipt["problems"]) == (2, 2, 0)
    found = await packages()
    assert {
        code: (item["pagu"], item["value"], item["value_basis"], item["source"]) for code, item in found.items()
    } == {
        "9001": ("1000.00", "900.25", "contract", "push"),
        "9002": ("2000.00", "900.25", "contract", "push"),
    }
    assert (await sender.get(answer.headers["location"])).json() == receipt


async def test_a_bad_row_spoils_no_good_one(sender, packages):
    bad = a_row("9002", pagu="1.500")

    answer = await sender.push(a_row("9001"), bad, a_row("9003"))

    receipt = answer.json()
    assert answer.status_code == 201
    assert (receipt["counts"]["new"], receipt["counts"]["rejected"], conserves(receipt["counts"])) == (2, 1, True)
    assert set(await packages()) == {"9001", "9003"}
    [problem] = await sender.problems(receipt)
    assert (problem["row"], problem["pointer"], problem["value"], problem["severity"]) == (2, "/pagu", "1.500", "error")
    assert problem["message"]["id"] != problem["message"]["en"]
    assert receipt["first_problems"] == [problem]
    assert receipt["problem_codes"] == {problem["code"]: 1}


BROKEN = {
    "no JSON": b'{"kind": "tender", "code": ',
    "no object": b"[1, 2]",
    "a number": b"17",
    "NUL": json.dumps(a_row("9002", name="a\x00b")).encode(),
    "half a character": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "name": "\\ud83d"}',
    "no UTF-8": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "name": "\xff\xfe"}',
    "a bidi override": json.dumps(a_row("9002", name="a\u202eb")).encode(),
    "NaN": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "pagu": NaN}',
    "an exponent": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "pagu": 1e6}',
    "three decimals": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "pagu": 1.505}',
    "a huge number": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "pagu": 1' + b"0" * 40 + b"}",
    "a key twice": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "pagu": 1, "pagu": 2}',
    "a year of its own": json.dumps(a_row("9002", fiscal_year=9999)).encode(),
    "a truth value as amount": json.dumps(a_row("9002", pagu=True)).encode(),
    "a field nobody knows": json.dumps(a_row("9002", paguu=1)).encode(),
    "another node": json.dumps(a_row("9002", node="ponorogo")).encode(),
    "no code": json.dumps({"kind": "tender", "fiscal_year": 2025}).encode(),
    "an unknown kind": json.dumps(a_row("9002", kind="lelang-sapi")).encode(),
    "deep nesting": b'{"kind": "tender", "code": "9002", "fiscal_year": 2025, "name": '
    + b"[" * 5000
    + b"]" * 5000
    + b"}",
    "the year 1": json.dumps(a_row("9002", announced_at="0001-01-01T00:00:00Z")).encode(),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_whatever_a_row_is_the_rows_around_it_enter(sender, packages, broken):
    answer = await sender.push(a_row("9001"), broken, a_row("9003"))

    receipt = answer.json()
    assert answer.status_code == 201
    assert (receipt["counts"]["seen"], receipt["counts"]["new"], receipt["counts"]["rejected"]) == (3, 2, 1)
    assert set(await packages()) == {"9001", "9003"}
    problems = await sender.problems(receipt)
    assert {problem["row"] for problem in problems} == {2}
    assert any(problem["severity"] == "error" for problem in problems)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps([a_row("9001"), a_row("9002")]).encode()),
        ("application/json; charset=utf-8", json.dumps({"data": [a_row("9001"), a_row("9002")]}).encode()),
        ("application/jsonl", lines(a_row("9001"), a_row("9002"))),
        (
            "text/csv",
            (
                b"kind;code;fiscal_year;name;status;pagu;hps;contract_value\r\n"
                b"tender;9001;2025;Contoh;completed;1000;950,5;900,25\r\n"
                b"tender;9002;2025;Contoh;completed;1000;950,5;900,25\r\n"
            ),
        ),
    ],
)
@pytest.mark.parametrize("compress", [None, "gzip", "zstd"])
async def test_every_form_says_the_same(sender, packages, content_type, body, compress):
    headers = {"Content-Encoding": compress} if compress else {}
    match compress:
        case "gzip":
            body = gzip.compress(body)
        case "zstd":
            body = zstandard.compress(body)

    answer = await sender.push(body=body, content_type=content_type, headers=headers)

    assert (answer.status_code, answer.json()["counts"]["new"]) == (201, 2)
    assert {(item["pagu"], item["hps"], item["value"]) for item in (await packages()).values()} == {
        ("1000.00", "950.50", "900.25")
    }


async def test_a_dry_run_says_all_and_stores_nothing(sender, packages, database):
    await sender.push(a_row("9001"))
    counts = "SELECT (SELECT count(*) FROM submissions), (SELECT count(*) FROM observations), (SELECT count(*) FROM submission_bodies)"
    before = await _row(database, counts)

    answer = await sender.push(a_row("9001"), a_row("9001x", pagu="1,5 M"), a_row("9002"), dry_run="true")

    receipt = answer.json()
    assert (answer.status_code, receipt["id"], receipt["dry_run"], receipt["state"]) == (200, None, True, "completed")
    assert "location" not in answer.headers
    assert (receipt["counts"]["unchanged"], receipt["counts"]["new"], receipt["counts"]["rejected"]) == (1, 1, 1)
    assert receipt["first_problems"][0]["pointer"] == "/pagu"
    assert set(await packages()) == {"9001"}
    assert await _row(database, counts) == before


async def test_the_same_package_twice_in_a_body_is_one(sender, packages):
    rows = [a_row("9001", name="B"), a_row("9001", name="A"), a_row("9001", name="A")]

    first = (await sender.push(*rows)).json()["counts"]
    name = (await packages())["9001"]["name"]
    again = (await sender.push(*reversed(rows))).json()["counts"]

    assert (first["new"], first["duplicate"], again["unchanged"], again["duplicate"]) == (1, 2, 1, 2)
    assert (await packages())["9001"]["name"] == name


async def test_a_package_in_two_rows_that_differ_is_remarked_upon(sender):
    receipt = (await sender.push(a_row("1", name="A"), a_row("1", name="B"), a_row("2"), a_row("2"))).json()

    assert (receipt["counts"]["new"], receipt["counts"]["duplicate"]) == (2, 2)
    [problem] = receipt["first_problems"]
    assert (problem["code"], problem["row"], problem["package"]) == ("package-twice", 2, "1")


async def test_versions_that_state_their_times_are_not_remarked_upon(sender, packages):
    rows = [a_row("1", name=f"Contoh {hour}", updated_at=f"2025-03-01T{hour:02}:00:00+07:00") for hour in (3, 1, 2)]

    receipt = (await sender.push(*rows)).json()

    assert (receipt["counts"]["duplicate"], receipt["problems"]) == (2, 0)
    assert (await packages())["1"]["name"] == "Contoh 3"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/json", "body-empty"),
        (b'[{"kind": "tender"', "application/json", None),
        (b"\x1f\x8b\x08\x00broken", "application/x-ndjson", None),
        (b"PK\x03\x04 no workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_whole_and_kept(sender, packages, body, content_type, code):
    headers = {"Content-Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}

    answer = await sender.push(body=body, content_type=content_type, headers=headers)

    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert problem["request_id"]
    assert problem["message"]["id"]
    assert code in {None, problem["code"]}
    receipt = problem["submission"]
    assert (receipt["state"], receipt["counts"]["seen"]) == ("failed", 0)
    assert (await sender.get(f"/api/v1/submissions/{receipt['id']}/body")).content == body
    assert await packages() == {}


async def test_an_array_that_breaks_off_brings_nothing(sender, packages):
    whole = json.dumps([a_row("9001"), a_row("9002")]).encode()

    answer = await sender.push(body=whole[:-20], content_type="application/json")

    assert answer.status_code == 422
    assert await packages() == {}


@pytest.mark.parametrize(
    ("params", "headers", "status", "code"),
    [
        ({"schema": "resep-masakan"}, {}, 422, "schema-unknown"),
        ({}, {"Content-Type": "image/png"}, 415, "media-type-unsupported"),
        ({}, {"Content-Encoding": "br"}, 415, "media-type-unsupported"),
        ({"complete": "true"}, {}, 422, "complete-without-scope"),
        ({"column": "pagu"}, {}, 422, "columns-unreadable"),
        ({"column": "tidak_ada:Judul"}, {}, 422, "columns-unreadable"),
        ({"column": "code:\0"}, {}, 422, "columns-unreadable"),
        ({"fiscal_year": 1999}, {}, 422, "request-invalid"),
        ({"tahun": 2025}, {}, 422, "request-invalid"),
        ({}, {"Idempotency-Key": "x" * 300}, 422, "idempotency-key-invalid"),
    ],
)
async def test_a_request_that_cannot_be_meant_is_refused_before_its_body(sender, params, headers, status, code):
    answer = await sender.push(a_row(), headers=headers, **params)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_key_writes_its_own_node_only(client, sender, packages):
    foreign = Sender(
        client, sender.headers["Authorization"].removeprefix("Bearer "), "/api/v1/nodes/ponorogo/submissions"
    )
    missing = Sender(
        client, sender.headers["Authorization"].removeprefix("Bearer "), "/api/v1/nodes/atlantis/submissions"
    )

    answers = [await one.push(a_row()) for one in (foreign, missing)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "not-allowed")] * 2
    assert await packages("ponorogo") == {}
    assert (
        await client.post(URL, content=lines(a_row()), headers={"Content-Type": "application/x-ndjson"})
    ).status_code == 401


async def test_submissions_of_a_node_that_is_not_there_are_not_an_empty_list(keeper):
    assert (await keeper.get("/api/v1/nodes/atlantis/submissions")).status_code == 404


async def test_receipts_are_seen_by_whom_they_concern(client, database, sender, province_key):
    receipt = (await sender.push(a_row())).json()
    other = await make_key(database, Role.NODE, "ponorogo")
    reader = await make_key(database, Role.READER)
    paths = [f"/api/v1/submissions/{receipt['id']}{rest}" for rest in ("", "/problems", "/body", "/problems.csv")]

    seen = {
        name: [(await client.get(path, headers={"Authorization": f"Bearer {key}"})).status_code for path in paths]
        for name, key in {"other": other, "reader": reader, "province": province_key}.items()
    }

    assert seen == {"other": [404] * 4, "reader": [200] * 4, "province": [200] * 4}
    missing = await client.get("/api/v1/submissions/999999", headers={"Authorization": f"Bearer {other}"})
    foreign = await client.get(paths[0], headers={"Authorization": f"Bearer {other}"})
    assert missing.json()["code"] == foreign.json()["code"] == "submission-not-found"


async def _row(database, query):
    async with database.reading() as session:
        return tuple((await session.execute(text(query))).one())
