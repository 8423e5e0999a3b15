"""Packages, their history and their evidence over HTTP."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.core.vocabulary import Category, Interface, Method, PackageKind, PackageStatus
from app.kit.json import loads
from app.procurement.schemas import AwardRead, PackageDetail, PackageRead, VersionRead
from app.procurement.service import record_packages
from tests.conftest import NOW
from tests.records import BANJARMASIN, JAYAPURA, a_record, a_sketch, an_answer, an_award, codes, door_of, execute

PACKAGES = "/api/v1/packages"
NPWP = "07.345.678.9-012.000"
LATER = NOW + timedelta(days=1)
NOBODY = "Kota Khayalan"


async def listed(client, **filters):
    """The codes of the packages that a filter selects."""
    answer = await client.get(PACKAGES, params=filters)
    assert answer.status_code == 200, answer.text
    return codes(answer.json()["items"])


@pytest.fixture
async def shelf(database):
    """Five packages that differ in everything one can filter by."""
    surabaya, jayapura = await door_of(database), await door_of(database, JAYAPURA)
    banjarmasin = await door_of(database, BANJARMASIN)
    await surabaya.record(
        a_record("101", name="Pembangunan Jembatan Contoh", announced_at=datetime(2025, 3, 1, tzinfo=UTC)),
        a_record(
            "102",
            kind=PackageKind.NON_TENDER,
            institution_name="Provinsi Jawa Timur",
            satker_name="Dinas Contoh Raya",
            category=Category.GOODS,
            method=Method.DIRECT_PROCUREMENT,
            status=PackageStatus.RUNNING,
            pagu=Decimal("50.25"),
            awarded_at=None,
        ),
    )
    await banjarmasin.record(
        a_record(
            "103",
            institution_name="Kota Banjarmasin",
            fiscal_years=[2027, 2026],
            status=PackageStatus.FAILED,
            method=Method.SELECTION,
        )
    )
    await jayapura.record(
        a_record(
            "104",
            awards=[an_award(contract_value=Decimal("0.00"))],
            announced_at=datetime(2025, 3, 2, tzinfo=UTC),
            awarded_at=datetime(2025, 12, 31, 16, 30, tzinfo=UTC),
        )
    )
    await banjarmasin.record(a_sketch("105", institution_name=NOBODY), now=LATER)
    await execute(database, "UPDATE packages SET withdrawn = true WHERE code = '105'")


SELECTIONS = (
    ({}, "101 102 103 104 105"),
    ({"node": "surabaya"}, "101 102"),
    ({"node": ["jayapurakota", "banjarmasinkota"]}, "103 104 105"),
    ({"node": "nowhere"}, ""),
    ({"region": "35.78"}, "101 104"),
    ({"region": "35"}, "102"),
    ({"region": ["35", "63.71"]}, "102 103"),
    ({"province": "35"}, "101 102 104"),
    ({"province": "91"}, ""),
    ({"institution": "D181"}, "101 104"),
    ({"institution": ["D158", "D214"]}, "102 103"),
    ({"fiscal_year": 2025}, "101 102 104 105"),
    ({"fiscal_year": 2026}, "103"),
    ({"fiscal_year": 2027}, ""),
    ({"fiscal_year": [2025, 2026]}, "101 102 103 104 105"),
    ({"kind": "non_tender"}, "102"),
    ({"kind": ["tender", "non_tender"]}, "101 102 103 104 105"),
    ({"status": "completed"}, "101 104"),
    ({"status": ["failed", "other"]}, "103 105"),
    ({"category": "works"}, "101 103 104"),
    ({"category": ["goods", "works"]}, "101 102 103 104"),
    ({"method": "selection"}, "103"),
    ({"method": ["selection", "direct_procurement"]}, "102 103"),
    ({"value_min": 0}, "101 104"),
    ({"value_min": "800000.00"}, "101"),
    ({"value_min": "800000.01"}, ""),
    ({"value_max": 0}, "104"),
    ({"value_max": "799999.99"}, "104"),
    ({"pagu_min": "50.26"}, "101 103 104"),
    ({"pagu_max": "50.25"}, "102"),
    ({"announced_from": "2025-03-01T07:00:00+07:00"}, "101 104"),
    ({"announced_from": "2025-03-01T07:00:01+07:00"}, "104"),
    ({"announced_before": "2025-03-02T00:00:00Z"}, "101"),
    ({"awarded_from": "2025-12-31T16:30:00Z"}, "104"),
    ({"awarded_before": "2025-12-31T16:30:00Z"}, "101 103"),
    ({"changed_from": LATER.isoformat()}, "105"),
    ({"withdrawn": "true"}, "105"),
    ({"withdrawn": "false"}, "101 102 103 104"),
    ({"q": "jembatan"}, "101"),
    ({"q": "Contoh RAYA"}, "102"),
    ({"q": "104"}, "104"),
    ({"q": '"contoh jembatan"'}, ""),
    ({"q": "pekerjaan -103"}, "102 104"),
    ({"q": "'); DROP TABLE packages; --"}, ""),
    ({"region": "35.78", "node": "surabaya", "status": "completed", "fiscal_year": 2025}, "101"),
    ({"region": "35.78", "node": "banjarmasinkota"}, ""),
)


async def test_every_filter_selects_what_its_name_says(client, shelf):
    found = [(filters, " ".join(await listed(client, **filters))) for filters, _expected in SELECTIONS]

    assert found == list(SELECTIONS)


@pytest.mark.parametrize(
    "query",
    [
        "status=finished",
        "fiscal_year=25",
        "value_min=-1",
        "value_min=1e400",
        "pagu_max=NaN",
        "announced_from=2025-03-01T00:00:00",
        "region=3578",
        "limit=0",
        "limit=1001",
        "q=%00",
        "nod=surabaya",
        "withdrawn=perhaps",
        "after=nonsense",
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(client, query):
    answer = await client.get(f"{PACKAGES}?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_repeat_and_miss_nothing_while_others_write(client, database):
    door, elsewhere = await door_of(database), await door_of(database, JAYAPURA)
    await door.record(*(a_sketch(f"1{n:02}") for n in range(20)))
    seen, after, page = [], None, 0

    async with elsewhere.writing() as session:
        # This writer began before the first page is read and ends after the last one.
        await record_packages(session, elsewhere.sender, [a_sketch("900")], now=NOW)
        while page == 0 or after:
            answer = (await client.get(PACKAGES, params={"limit": 3, **({"after": after} if after else {})})).json()
            seen += codes(answer["items"])
            after, page = answer["next"], page + 1
            if page <= 5:
                await door.record(a_sketch(f"2{page:02}"), a_sketch(f"1{page:02}", stage="Masa Sanggah"))

    assert seen == [f"1{n:02}" for n in range(20)] + [f"2{n:02}" for n in range(1, 6)]
    assert len(await listed(client)) == 26


async def test_the_last_page_has_no_next_even_when_it_is_full(client, shelf):
    first = (await client.get(PACKAGES, params={"limit": 3})).json()
    last = (await client.get(PACKAGES, params={"limit": 2, "after": first["next"]})).json()

    assert (codes(first["items"]), codes(last["items"])) == (["101", "102", "103"], ["104", "105"])
    assert last["next"] is None
    assert (await client.get(PACKAGES, params={"limit": 5})).json()["next"] is None


async def test_a_filter_holds_on_every_page(client, shelf):
    first = (await client.get(PACKAGES, params={"limit": 1, "region": "35.78"})).json()
    last = (await client.get(PACKAGES, params={"limit": 1, "region": "35.78", "after": first["next"]})).json()

    assert codes(first["items"] + last["items"]) == ["101", "104"]
    assert last["next"] is None


async def test_amounts_are_exact_numbers_in_the_text_of_the_answer(client, database):
    door = await door_of(database)
    winners = [an_award("CV Contoh Satu", contract_value=Decimal("123456789012345678.91")), an_award("CV Contoh Dua", contract_value=Decimal("0.09"))]  # fmt: skip
    await door.record(a_record("1", pagu=Decimal("999999999999999999.99"), hps=Decimal("90071992547409930.01"), awards=winners))  # fmt: skip

    for path in (PACKAGES, f"{PACKAGES}/surabaya/tender/1", f"{PACKAGES}/surabaya/tender/1/history"):
        body = (await client.get(path)).text
        assert '"pagu":999999999999999999.99,' in body
        assert '"hps":90071992547409930.01,' in body
        assert '"value":123456789012345679.00,' in body
        assert '"contract_value":123456789012345678.91,' in body


async def test_a_package_is_shown_as_the_contract_says(client, database):
    door = await door_of(database)
    await door.record(a_record("1", labels=["Tender Ulang"], participants=0, created_on=datetime(2025, 1, 2).date()))
    await door.speaking(Interface.PUSH).record(a_sketch("1", hps=None), now=LATER)

    shown = loads((await client.get(f"{PACKAGES}/surabaya/tender/1")).content)

    assert set(shown) == set(PackageDetail.model_fields)
    assert set(shown["awards"][0]) == set(AwardRead.model_fields)
    PackageDetail.model_validate(shown)
    assert (shown["field_sources"]["hps"], shown["field_sources"]["pagu"]) == ("push", "spse")
    assert shown["disagreements"] == []  # a push that says "none" of the HPS contradicts nobody
    assert (shown["node"], shown["kind"], shown["code"], shown["source"]) == ("surabaya", "tender", "1", "push")
    assert (shown["pagu"], shown["hps"], shown["value"], shown["value_basis"]) == (Decimal("1000000.00"), None, Decimal("800000.00"), "contract")  # fmt: skip
    assert (shown["institution"], shown["labels"], shown["participants"], shown["bidders"]) == ("D181", ["Tender Ulang"], 0, None)  # fmt: skip
    assert (shown["awarded_at"], shown["created_on"]) == ("2025-07-10T04:00:00Z", "2025-01-02")
    moments = [datetime.fromisoformat(shown[name]) for name in ("first_seen_at", "changed_at", "last_seen_at")]
    assert moments == [NOW, LATER, LATER]
    assert shown["version"] == 2
    (in_list,) = loads((await client.get(PACKAGES)).content)["items"]
    assert set(in_list) == set(PackageRead.model_fields)
    assert in_list == {name: shown[name] for name in in_list}


async def test_history_tells_every_state_what_changed_and_by_whose_word(client, database):
    door = await door_of(database)
    page = an_answer(b"<html>first</html>")
    await door.record(a_record("1", status=PackageStatus.RUNNING, awards=[], raw=(page,), source_at=NOW))
    await door.record(a_record("1"), now=LATER)
    await door.speaking(Interface.INAPROC).record(a_sketch("1", pagu=Decimal("7.00")), now=LATER)

    answer = await client.get(f"{PACKAGES}/surabaya/tender/1/history")

    items = loads(answer.content)["items"]
    for item in items:
        VersionRead.model_validate(item)
    assert [item["version"] for item in items] == [1, 2, 3]
    assert [datetime.fromisoformat(item["at"]) for item in items] == [NOW, LATER, LATER]
    assert {"name", "pagu", "status"} <= set(items[0]["changed"])
    assert items[1]["changed"] == ["awards", "contract_value", "status", "value", "value_basis"]
    assert items[2]["changed"] == ["pagu", "source"]
    assert [item["package"]["status"] for item in items] == ["running", "completed", "completed"]
    assert [[seen["source"] for seen in item["observations"]] for item in items] == [["spse"], ["spse"], ["spse", "inaproc"]]  # fmt: skip
    (first,) = items[0]["observations"]
    assert datetime.fromisoformat(first["source_at"]) == NOW
    assert [(kept["page"], kept["url"], kept["length"]) for kept in first["answers"]] == [(page.page, page.url, 18)]
    assert items[1]["observations"][0]["id"] == items[2]["observations"][0]["id"] != first["id"]


async def test_history_in_pages_says_the_same_as_history_at_once(client, database):
    door = await door_of(database)
    for stage in ("one", "two", "three", "four"):
        await door.record(a_record("1", stage=stage))
    path = f"{PACKAGES}/surabaya/tender/1/history"
    at_once = (await client.get(path)).json()

    items, after = [], None
    for _page in range(4):
        answer = (await client.get(path, params={"limit": 1, **({"after": after} if after else {})})).json()
        items, after = items + answer["items"], answer["next"]

    assert items == at_once["items"]
    assert [item["changed"] for item in items[1:]] == [["stage"]] * 3
    assert after is at_once["next"] is None


async def test_a_tax_number_is_masked_wherever_the_public_looks(client, database):
    door = await door_of(database)
    for name in ("CV Contoh Satu", "CV Contoh Dua"):
        await door.record(a_record("1", awards=[an_award(name, npwp=NPWP, contract_value=Decimal(5))], raw=(an_answer(NPWP.encode()),)))  # fmt: skip

    for path in (PACKAGES, f"{PACKAGES}/surabaya/tender/1", f"{PACKAGES}/surabaya/tender/1/history"):
        body = (await client.get(path)).text
        assert "0*.3*5.*7*.9-***.***" in body
        assert NPWP not in body
        assert "345.678" not in body
    assert "npwp" in (await client.get(PACKAGES)).json()["items"][0]["awards"][0]


async def test_a_raw_answer_is_given_to_a_key_to_the_byte_and_as_a_download(client, database, province_key):
    body = bytes(range(256)) + b"<script>alert(1)</script>"
    await (await door_of(database)).record(a_record("1", raw=(an_answer(b"list", page="index"), an_answer(body))))
    history = (await client.get(f"{PACKAGES}/surabaya/tender/1/history")).json()
    observation = history["items"][0]["observations"][0]["id"]
    path, key = f"/api/v1/observations/{observation}/answers", {"Authorization": f"Bearer {province_key}"}

    answer = await client.get(f"{path}/pengumuman", headers=key)

    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-source-media-type"] == "text/html"
    assert (await client.get(f"{path}/index", headers=key)).content == b"list"
    for headers in ({}, {"Authorization": "Bearer rakor_invented"}):
        refused = await client.get(f"{path}/pengumuman", headers=headers)
        assert refused.status_code == 401
        assert b"script" not in refused.content
    for missing in (f"{path}/pemenang", "/api/v1/observations/9223372036854775807/answers/pengumuman"):
        answer = await client.get(missing, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (404, "answer-not-found")


@pytest.mark.parametrize("suffix", ["", "/history"])
@pytest.mark.parametrize("where", ["surabaya/tender/999", "surabaya/non_tender/101", "nowhere/tender/101"])
async def test_a_package_that_is_not_there_is_not_found(client, shelf, where, suffix):
    answer = await client.get(f"{PACKAGES}/{where}{suffix}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "package-not-found"
    assert where.split("/")[2] in answer.json()["message"]["id"]


async def test_a_kind_that_does_not_exist_is_not_a_package_that_is_missing(client):
    assert (await client.get(f"{PACKAGES}/surabaya/auction/101")).status_code == 422
