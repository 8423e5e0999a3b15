"""What nodes state of themselves: exact, kept with every revision, remarked upon, written by the right party only."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
import pytest_asyncio

from app.access.callers import COMMAND_LINE, Role
from app.access.keys import KeyDraft, issue_key
from app.kit.db import driver_url, open_database
from app.main import create_app
from app.settings import Settings
from app.statistics.reported import Statement, Totals, state_figures
from app.statistics.reported_queries import reported_by_nodes
from tests.conftest import NOW
from tests.records import FOR_EVERY_NODE, SURABAYA, rows

pytestmark = pytest.mark.asyncio(loop_scope="module")
LASTING = NOW + timedelta(days=3000)
FOREIGN, MISSING, YEAR = "malangkota", "atlantis", 2025
FIGURES = {"packages": 3, "pagu": 1000.5, "value": 900.25, "savings": 100.25}
EVERYTHING = {
    **FIGURES,
    "hps": 950,
    "savings_base": "pagu",
    "kinds": {"tender": {"packages": 1, "value": 400}, "emergency": {"value": 1.1}},
    "source_document": {"title": "Laporan Contoh 2025", "url": "https://contoh.example/lkip.pdf", "number": "1/CONTOH"},
    "stated_on": "2026-01-31",
    "note": "Angka sementara.\nBelum diaudit.",
}


def place(node=SURABAYA, year=YEAR):
    return f"/api/v1/nodes/{node}/reported-figures/{year}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(database_urls):
    opened = open_database(database_urls.app, pool_size=5)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def callers(database, database_urls):
    """A client for each who may ask: the public, the province, a reader, the node itself, and another node."""
    drafts = {
        "province": KeyDraft(Role.PROVINCE, "Biro Contoh", expires_at=LASTING),
        "reader": KeyDraft(Role.READER, "Inspektorat Contoh", expires_at=LASTING),
        "node": KeyDraft(Role.NODE, "LPSE Contoh", frozenset({SURABAYA}), LASTING),
        "foreign": KeyDraft(Role.NODE, "LPSE Lain", frozenset({FOREIGN}), LASTING),
    }
    headers = {"public": {}}
    async with database.transaction() as session:
        for name, draft in drafts.items():
            issued = await issue_key(session, draft, caller=COMMAND_LINE, now=NOW)
            headers[name] = {"Authorization": f"Bearer {issued.secret}"}
    app = create_app(Settings(_env_file=None, database_url=database_urls.app, log_level="error"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    clients = {
        name: httpx.AsyncClient(transport=transport, base_url="http://rakor.test", headers=header)
        for name, header in headers.items()
    }
    async with app.router.lifespan_context(app):
        yield clients
    for client in clients.values():
        await client.aclose()


@pytest.fixture(autouse=True)
def emptied(database_urls):
    """Each test leaves the tables as it found them; only their owner can take a statement back."""
    yield
    with psycopg.connect(driver_url(database_urls.owner, "")) as connection:
        connection.execute(FOR_EVERY_NODE)
        connection.execute("DELETE FROM reported_figures; DELETE FROM audit_entries WHERE act LIKE 'figures.%'")


@pytest.fixture
def node(callers):
    return callers["node"]


@pytest.fixture
def public(callers):
    return callers["public"]


async def put(client, body, path=None, **headers):
    """PUT a body to the letter: what a JSON library makes of a number must not matter."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.put(path or place(), content=content, headers={"content-type": "application/json", **headers})


async def test_a_first_statement_is_created_and_read_by_everybody(node, public):
    answer = await put(node, EVERYTHING)

    assert answer.status_code == 201, answer.text
    shown = (await public.get(place())).json()
    assert shown == answer.json()
    assert {name: shown[name] for name in FIGURES} == FIGURES
    assert shown["node"] == SURABAYA
    assert shown["fiscal_year"] == YEAR
    assert shown["revision"] == 1
    assert shown["stated_by"] == "node"
    assert shown["stated_on"] == "2026-01-31"
    assert shown["note"] == EVERYTHING["note"]
    assert shown["source_document"] == {**EVERYTHING["source_document"], "dated_on": None}
    nothing = dict.fromkeys(("packages", "pagu", "hps", "value", "savings"))
    assert shown["kinds"] == {
        "tender": {**nothing, "packages": 1, "value": 400},
        "emergency": {**nothing, "value": 1.1},
    }


async def test_amounts_are_kept_to_the_sen(node, public):
    await put(
        node, b'{"pagu": 12345678901234567.89, "savings": -0.10, "kinds": {"tender": {"value": 12345678901234567.01}}}'
    )

    text = (await public.get(place())).text

    assert '"pagu":12345678901234567.89' in text
    assert '"savings":-0.10' in text
    assert '"value":12345678901234567.01' in text


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (b'{"pagu": 1e6}', "/body/pagu", "exponent"),
        (b'{"pagu": 1.500}', "/body/pagu", "two decimals"),
        (b'{"pagu": "1.500"}', "/body/pagu", "number"),
        (b'{"pagu": true}', "/body/pagu", "number"),
        (b'{"pagu": -1}', "/body/pagu", "negative"),
        (b'{"pagu": 1000000000000000000}', "/body/pagu", "beyond"),
        (b'{"kinds": {"tender": {"value": 1.005}}, "pagu": 1}', "/body/kinds/tender/value", "two decimals"),
        (b'{"kinds": {"lelang": {"value": 1}}, "pagu": 1}', "/body/kinds/lelang/[key]", "tender"),
        (b'{"kinds": {"tender": {}}, "pagu": 1}', "/body/kinds/tender", "at least one"),
        (b'{"packages": 1.5}', "/body/packages", "integer"),
        (b'{"packages": -1}', "/body/packages", "greater"),
        (b'{"packages": "12"}', "/body/packages", "number"),
        (b'{"pagu": 1, "pagu": 2}', "/body/0", "twice"),
        (b'{"pagu": NaN}', "/body/0", "NaN"),
        (b'{"pagu": 1, "total": 2}', "/body/total", "not permitted"),
        (b'{"pagu": 1, "savings_base": "oe"}', "/body/savings_base", "hps"),
        (b'{"pagu": 1, "stated_on": 20250101}', "/body/stated_on", "2026-01-31"),
        (b'{"pagu": 1, "stated_on": "31-01-2026"}', "/body/stated_on", "2026-01-31"),
        (b'{"pagu": 1, "note": "a\\u0000b"}', "/body/note", "match"),
        (b'{"pagu": 1, "note": "\\ud800"}', "/body/note", "unicode"),
        (b'{"pagu": 1, "\\ud800": 1}', "/body/0", "character"),
        (b'{"pagu": 1, "source_document": {"title": "a\\u202eb"}}', "/body/source_document/title", "match"),
        (
            b'{"pagu": 1, "source_document": {"title": "a", "url": "javascript:alert(1)"}}',
            "/body/source_document/url",
            "match",
        ),
        (b"{}", "/body", "at least one"),
        (b'{"pagu": null, "note": "kosong"}', "/body", "at least one"),
        (b"[]", "/body", "object"),
        (b"null", "/body", "object"),
        (b"[" * 100_000, "/body/0", "recursion"),
        (b'{"packages": ' + b"9" * 5000 + b"}", "/body/0", "digits"),
        (b"\xff{}", "/body/0", "decode"),
        (b'{"pagu": 1', "/body/10", "delimiter"),
    ],
)
async def test_what_is_not_clearly_a_statement_is_refused_with_its_place(node, public, body, pointer, words):
    answer = await put(node, body)

    assert answer.status_code == 422, answer.text
    errors = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert words in errors[pointer]
    assert (await public.get(place())).status_code == 404


async def test_only_json_is_taken(node):
    answer = await node.put(place(), content=b"pagu=1", headers={"content-type": "application/x-www-form-urlencoded"})

    assert answer.status_code == 415


async def test_another_statement_replaces_it_and_the_first_stays_in_the_history(node, public):
    await put(node, FIGURES)

    answer = await put(node, {**FIGURES, "value": 890, "savings": 110.5})

    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    assert (await public.get(place())).json()["value"] == 890
    history = (await public.get(f"{place()}/history")).json()
    assert [(item["revision"], item["value"], item["stated_by"]) for item in history["items"]] == [
        (1, 900.25, "node"),
        (2, 890, "node"),
    ]
    assert history["next"] is None


async def test_saying_the_same_again_makes_no_revision(node, public):
    first = await put(node, EVERYTHING)

    again = await put(node, {**EVERYTHING, "kinds": dict(reversed(EVERYTHING["kinds"].items())), "hps": 950.00})

    assert again.status_code == 200
    assert again.json() == first.json()
    assert len((await public.get(f"{place()}/history")).json()["items"]) == 1


async def test_what_is_no_longer_said_is_null_again(node, public):
    await put(node, EVERYTHING)
    await put(node, {"value": 1})

    shown = (await public.get(place())).json()

    assert (shown["pagu"], shown["kinds"], shown["source_document"], shown["note"]) == (None, {}, None, None)


async def test_the_history_comes_in_pages(node, public):
    for value in range(1, 6):
        await put(node, {"value": value})

    seen, after = [], ""
    while after is not None:
        page = (await public.get(f"{place()}/history?limit=2{after}")).json()
        assert len(page["items"]) <= 2
        seen += [item["value"] for item in page["items"]]
        after = page["next"] and f"&after={page['next']}"

    assert seen == [1, 2, 3, 4, 5]


async def test_the_years_of_a_node_are_listed_latest_first_with_what_holds_now(node, public):
    for year in (2023, 2025, 2024):
        await put(node, {"value": year}, place(year=year))
    await put(node, {"value": 1}, place(year=2024))

    first = (await public.get(f"/api/v1/nodes/{SURABAYA}/reported-figures?limit=2")).json()
    second = (await public.get(f"/api/v1/nodes/{SURABAYA}/reported-figures?limit=2&after={first['next']}")).json()

    assert [(item["fiscal_year"], item["value"]) for item in first["items"]] == [(2025, 2025), (2024, 1)]
    assert [(item["fiscal_year"], item["value"]) for item in second["items"]] == [(2023, 2023)]
    assert second["next"] is None


@pytest.mark.parametrize("tail", ["/reported-figures", f"/reported-figures/{YEAR}/history"])
async def test_a_forged_cursor_does_no_harm(node, public, tail):
    await put(node, FIGURES)

    forged = await public.get(f"/api/v1/nodes/{SURABAYA}{tail}?after=7fffffffffffffff")
    wrong = await public.get(f"/api/v1/nodes/{SURABAYA}{tail}?after=zz")

    assert forged.status_code == 200
    assert wrong.json()["code"] == "cursor-invalid"


async def test_what_was_never_stated_is_not_found(public):
    for path in (place(), f"{place()}/history"):
        assert (await public.get(path)).json()["code"] == "reported-figures-not-found"
    for path in (place(MISSING), f"{place(MISSING)}/history", f"/api/v1/nodes/{MISSING}/reported-figures"):
        assert (await public.get(path)).json()["code"] == "node-not-found"
    assert (await public.get(f"/api/v1/nodes/{SURABAYA}/reported-figures")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("who", "own", "foreign", "missing"),
    [
        ("public", (401, "key-required"), (401, "key-required"), (401, "key-required")),
        ("reader", (403, "not-allowed"), (403, "not-allowed"), (403, "not-allowed")),
        ("node", (201, None), (403, "not-allowed"), (403, "not-allowed")),
        ("foreign", (403, "not-allowed"), (201, None), (403, "not-allowed")),
        ("province", (201, None), (201, None), (404, "node-not-found")),
    ],
)
async def test_a_node_speaks_for_itself_and_the_province_for_all(callers, who, own, foreign, missing):
    for slug, expected in ((SURABAYA, own), (FOREIGN, foreign), (MISSING, missing)):
        answer = await put(callers[who], FIGURES, place(slug))

        assert (answer.status_code, answer.json().get("code")) == expected
        shown = await callers["public"].get(place(slug))
        assert (shown.status_code == 200) == (expected[0] == 201)


async def test_a_foreign_and_a_missing_node_get_the_same_words(node):
    foreign, missing = [(await put(node, FIGURES, place(slug))).json() for slug in (FOREIGN, MISSING)]

    for answer in (foreign, missing):
        answer.pop("instance")
        answer.pop("request_id")
    assert foreign == missing


async def test_the_province_speaking_for_a_node_stands_in_the_trail_and_the_node_itself_does_not(callers, database):
    trail = "SELECT act, subject, details FROM audit_entries WHERE act LIKE 'figures.%'"

    await put(callers["node"], FIGURES)
    assert await rows(database, trail) == []
    await put(callers["province"], {"value": 5})
    await put(callers["province"], {"value": 5})

    assert await rows(database, trail) == [
        {
            "act": "figures.stated-for-node",
            "subject": f"node {SURABAYA}",
            "details": {"fiscal_year": YEAR, "revision": 2},
        }
    ]
    assert (await callers["public"].get(place())).json()["stated_by"] == "province"


async def test_nobody_reads_which_key_it_was(callers):
    await put(callers["node"], FIGURES)

    text = (await callers["public"].get(f"{place()}/history")).text

    assert "LPSE Contoh" not in text
    assert "key:" not in text


# -- remarks


def remarks(answer):
    return [(remark["code"], remark["kind"], remark["field"], remark["value"]) for remark in answer.json()["remarks"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"pagu": 100, "value": 80, "savings": 20}, []),
        ({"pagu": 100, "value": 80, "savings": 30}, [("savings-contradict", None, "pagu", "30.00 ≠ 100.00 − 80.00")]),
        ({"pagu": 100, "hps": 90, "value": 80, "savings": 10}, []),
        (
            {"pagu": 100, "hps": 90, "value": 80, "savings": 10, "savings_base": "pagu"},
            [("savings-contradict", None, "pagu", "10.00 ≠ 100.00 − 80.00")],
        ),
        (
            {"pagu": 100, "hps": 90, "value": 80, "savings": 20, "savings_base": "hps"},
            [("savings-contradict", None, "hps", "20.00 ≠ 90.00 − 80.00")],
        ),
        ({"pagu": 80, "value": 100, "savings": -20}, []),
        ({"pagu": 100, "savings": 20}, []),
        (
            {"value": 1, "kinds": {"tender": {"hps": 9, "value": 1, "savings": 5}}},
            [("savings-contradict", "tender", "hps", "5.00 ≠ 9.00 − 1.00")],
        ),
        ({"value": 10, "kinds": {"tender": {"value": 4}, "recorded": {"value": 6}}}, []),
        (
            {"value": 9, "kinds": {"tender": {"value": 4}, "recorded": {"value": 6}}},
            [("parts-contradict", None, "value", "10.00 ≠ 9.00")],
        ),
        ({"savings": 5, "kinds": {"tender": {"savings": 8}}}, []),
        (
            {
                "packages": 9,
                "kinds": {
                    kind: {"packages": 2} for kind in ("tender", "non_tender", "recorded", "self_managed", "emergency")
                },
            },
            [("parts-contradict", None, "packages", "10 ≠ 9")],
        ),
        (
            {
                "savings": 11,
                "kinds": {
                    kind: {"savings": 2} for kind in ("tender", "non_tender", "recorded", "self_managed", "emergency")
                },
            },
            [("parts-contradict", None, "savings", "10.00 ≠ 11.00")],
        ),
        ({"value": 1, "stated_on": "2999-01-01"}, [("date-in-future", None, "stated_on", "2999-01-01")]),
    ],
)
async def test_what_contradicts_itself_is_kept_and_remarked_upon(node, public, body, expected):
    answer = await put(node, body)

    assert answer.status_code == 201
    assert remarks(answer) == expected
    assert remarks(await public.get(place())) == expected
    assert all(remark["message"]["id"] != remark["message"]["en"] for remark in answer.json()["remarks"])


# -- revisions and turns


async def test_the_tag_of_what_was_read_guards_the_next_statement(node, public):
    await put(node, FIGURES)
    tag = (await public.get(place())).headers["etag"]
    answer = await put(node, {"value": 2}, **{"if-match": tag})

    late = await put(node, {"value": 3}, **{"if-match": tag})

    assert answer.status_code == 200
    assert late.status_code == 412
    assert late.json()["code"] == "revision-outdated"
    assert (await public.get(place())).json()["value"] == 2
    assert (await put(node, {"value": 3}, **{"if-match": answer.headers["etag"]})).status_code == 200


async def test_a_statement_that_arrived_but_whose_answer_was_lost_can_be_repeated(node):
    first = await put(node, FIGURES)
    await put(node, {"value": 2}, **{"if-match": first.headers["etag"]})

    again = await put(node, {"value": 2}, **{"if-match": first.headers["etag"]})

    assert again.status_code == 200
    assert again.json()["revision"] == 2


async def test_any_statement_but_none_is_matched_by_a_star(node):
    nothing_there = await put(node, FIGURES, **{"if-match": "*"})
    await put(node, FIGURES)

    assert nothing_there.status_code == 412
    assert (await put(node, {"value": 1}, **{"if-match": "*"})).status_code == 200
    assert (await put(node, {"value": 2}, **{"if-match": '"contoh"'})).status_code == 412


async def test_an_unchanged_statement_costs_a_304(node, public):
    await put(node, FIGURES)
    tag = (await public.get(place())).headers["etag"]

    unchanged = await public.get(place(), headers={"if-none-match": f'"0", W/{tag}'})
    await put(node, {"value": 2})

    assert unchanged.status_code == 304
    assert unchanged.content == b""
    assert (await public.get(place(), headers={"if-none-match": tag})).status_code == 200


async def test_many_at_once_lose_nothing_and_share_no_revision(node, public):
    answers = await asyncio.gather(*(put(node, {"value": value}) for value in range(12)))

    assert sorted(answer.json()["revision"] for answer in answers) == list(range(1, 13))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    history = (await public.get(f"{place()}/history")).json()["items"]
    assert sorted(item["value"] for item in history) == list(range(12))
    moments = [item["received_at"] for item in history]
    assert moments == sorted(moments)


async def test_of_those_who_read_the_same_only_one_is_heard(node):
    tag = (await put(node, FIGURES)).headers["etag"]

    answers = await asyncio.gather(*(put(node, {"value": value}, **{"if-match": tag}) for value in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


@pytest.mark.parametrize("act", ["UPDATE reported_figures SET value = 1", "DELETE FROM reported_figures"])
async def test_the_application_cannot_rewrite_what_was_stated(node, database_urls, act):
    await put(node, FIGURES)

    with (
        psycopg.connect(driver_url(database_urls.app, "")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(act)


# -- for the comparison with what is computed here


async def test_what_nodes_report_is_one_row_a_node_and_year_as_it_was_known(database, callers):
    async def state(slug, year, value, at):
        statement = Statement(Totals(value=value), kinds={})
        async with database.transaction() as session:
            await state_figures(session, slug, year, statement, caller=COMMAND_LINE, expected=None, now=at)

    later = datetime(2026, 6, 1, tzinfo=UTC)
    for slug, year, value, at in (
        (SURABAYA, 2025, 1, NOW),
        (SURABAYA, 2025, 2, later),
        (SURABAYA, 2024, 3, NOW),
        (FOREIGN, 2025, 4, later),
    ):
        await state(slug, year, value, at)

    async def reported(**wanted):
        async with database.reading() as session:
            found = await reported_by_nodes(session, **wanted)
        return [(item.node, item.figures.fiscal_year, int(item.figures.value)) for item in found]

    assert await reported() == [(FOREIGN, 2025, 4), (SURABAYA, 2024, 3), (SURABAYA, 2025, 2)]
    assert await reported(as_of=NOW) == [(SURABAYA, 2024, 3), (SURABAYA, 2025, 1)]
    assert await reported(nodes=[SURABAYA], fiscal_years=[2025]) == [(SURABAYA, 2025, 2)]


async def test_a_clock_that_ran_back_does_not_turn_the_order_of_statements(database, callers):
    for value, at in ((1, NOW), (2, NOW - timedelta(hours=1))):
        async with database.transaction() as session:
            statement = Statement(Totals(value=value), kinds={})
            await state_figures(session, SURABAYA, YEAR, statement, caller=COMMAND_LINE, expected=None, now=at)

    async with database.reading() as session:
        [found] = await reported_by_nodes(session, as_of=NOW)
    assert found.figures.value == 2


PERSONAL = {
    "value": 1,
    "note": "Hubungi Contoh, 0812-3456-7890.",
    "source_document": {
        "title": "Laporan NIK 3578014101900001",
        "number": "027/123/2025 budi@surat.contoh.go.id",
        "url": "https://contoh.example/?nip=198001012005011001",
        "dated_on": "2026-01-31",
    },
}
SECRETS = ("0812-3456-7890", "3578014101900001", "budi@surat.contoh.go.id", "198001012005011001")
READS = (place(), f"{place()}/history", place().removesuffix(f"/{YEAR}"))


@pytest.mark.parametrize("path", READS)
async def test_personal_data_in_a_statement_are_shown_only_to_whom_they_concern(callers, path):
    stated = await put(callers["node"], PERSONAL)
    assert all(secret in stated.text for secret in SECRETS)

    for name, client in callers.items():
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        named = [secret for secret in SECRETS if secret in answer.text]
        assert named == ([] if name in {"public", "foreign"} else list(SECRETS)), name
        assert "authorization" in answer.headers["vary"].lower()
        assert answer.headers["cache-control"] == ("no-cache" if name == "public" else "private, no-cache")


async def test_what_is_masked_keeps_its_form(node, public):
    await put(node, PERSONAL)

    shown = (await public.get(place())).json()

    assert shown["note"] == "Hubungi Contoh, ****-****-****."
    assert shown["source_document"] == {
        "title": "Laporan NIK ****************",
        "number": "027/123/2025 ***@***",
        "url": "https://contoh.example/?nip=******************",
        "dated_on": "2026-01-31",
    }


async def test_a_masked_answer_is_not_taken_for_the_whole_one(callers):
    stated = await put(callers["node"], PERSONAL)
    masked = (await callers["public"].get(place())).headers["etag"]
    whole = (await callers["reader"].get(place())).headers["etag"]

    assert stated.headers["etag"] == whole == '"1"'
    assert masked != whole
    assert (await callers["reader"].get(place(), headers={"if-none-match": masked})).status_code == 200
    assert (await callers["public"].get(place(), headers={"if-none-match": whole})).status_code == 200
    unchanged = await callers["public"].get(place(), headers={"if-none-match": masked})
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, masked)
    assert "authorization" in unchanged.headers["vary"].lower()
    assert (await callers["reader"].get(place(), headers={"if-none-match": whole})).status_code == 304


async def test_the_tag_of_a_masked_answer_names_its_revision(callers):
    await put(callers["node"], PERSONAL)
    masked = (await callers["public"].get(place())).headers["etag"]

    assert (await put(callers["node"], {"value": 2}, **{"if-match": masked})).status_code == 200
    assert (await put(callers["node"], {"value": 3}, **{"if-match": masked})).status_code == 412


async def test_a_bad_key_is_not_taken_for_the_public(callers):
    await put(callers["node"], PERSONAL)

    answer = await callers["public"].get(place(), headers={"authorization": "Bearer rk_contoh"})

    assert answer.status_code == 401


@pytest.mark.parametrize("hidden", ["\u061c", "\u200b", "\u200e", "\u2028", "\u202e", "\u2060", "\ufeff", "\ufff9"])
async def test_a_statement_has_no_characters_that_nobody_sees(node, hidden):
    assert (await put(node, {"value": 1, "note": f"a{hidden}b"})).status_code == 422
    assert (await put(node, {"value": 1, "source_document": {"title": f"a{hidden}b"}})).status_code == 422
