"""Visits to a gateway that pages, forgets, refuses and goes in circles, over real HTTP."""

import json
from dataclasses import replace

import pytest

from app.adapters.inaproc import gateway as gateway_module
from app.adapters.inaproc import listing
from app.adapters.inaproc.adapter import InaprocAdapter
from app.adapters.protocol import IndexIncomplete, NodeContractBroken, NodeRefused, NodeUnreachable
from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.http import GuardedClient
from tests.adapters.inaproc_replies import (
    CONSULTING,
    NON_TENDER,
    POLICY,
    TENDER,
    TOKEN,
    a_gateway,
    a_visit,
    all_rows,
    an_endpoint,
    merged,
    pages_of,
    stored,
)

ANNOUNCED = "tender/pengumuman"
VALUES = "tender/tender-selesai-nilai"
SCHEDULE = "tender/jadwal-tahapan-tender"


def codes(pages):
    return [problem.code for page in pages for problem in page.problems]


def without_times(record):
    return replace(record, raw=tuple(replace(raw, fetched_at=None) for raw in record.raw))


async def gather(visit, kept):
    """Keep what comes before the walk fails."""
    async for page in visit.index(TENDER, 2025):
        kept.append(page)


async def probed(gateway, **endpoint):
    async with GuardedClient(POLICY) as client:
        return await InaprocAdapter().probe(client, an_endpoint(gateway.base_url, **endpoint))


# --- The walk


async def test_every_list_of_a_kind_is_read_to_its_end():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        pages = await pages_of(visit)

    assert sum(page.received for page in pages) == sum(len(rows) for rows in all_rows().values())
    assert sorted((code, lpse) for _, code, lpse in merged(pages)) == [
        ("90000001007", 7),
        ("90000002007", 7),
        ("90000003000", 802),
        ("90000004007", 7),
        ("90000005007", 7),
    ]
    assert codes(pages) == []
    assert gateway.resources() == {
        ANNOUNCED: 2,
        "tender/tender-selesai": 1,
        VALUES: 2,
        "tender/peserta-tender": 2,
        SCHEDULE: 2,
        "tender/tender-ekontrak-kontrak": 3,
    }


async def test_the_lists_are_asked_as_documented():
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        await pages_of(visit)

    resource, question, headers = gateway.asked[0]
    assert resource == ANNOUNCED
    assert question == {"kode_klpd": "D999", "tahun": "2025", "limit": "1000"}
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/json"


async def test_every_entry_says_whose_it_is_and_names_its_rows_by_their_content():
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        [page, *_] = await pages_of(visit)
        again = (await pages_of(visit))[0]

    entry = page.entries[0]
    assert (entry.kind, entry.fingerprint, entry.settled) == (TENDER, "", True)
    [key] = entry.row
    assert key.startswith(f"{ANNOUNCED}#")
    assert len(key.partition("#")[2]) == 16
    assert page.entries == again.entries


async def test_a_record_is_built_without_a_request_from_rows_that_were_in_the_database():
    async with a_gateway(page_length=1) as gateway, a_visit(gateway) as visit:
        book = merged(await pages_of(visit))
        entry = (await pages_of(visit))[0].entries[0]
        asked = len(gateway.asked)
        for (kind, code, lpse), row in book.items():
            whole = replace(entry, kind=kind, code=code, lpse=lpse, row=row)
            record = await visit.detail(whole)
            again = await visit.detail(replace(whole, row=stored(row)))

            assert without_times(record) == without_times(again)
            assert (record.kind, record.code, record.lpse) == (kind, code, lpse)
            [raw] = record.raw
            assert (raw.page, raw.media_type) == ("inaproc", "application/json")
            assert raw.url == f"{gateway.base_url}/api/v1/tender/pengumuman"
            assert raw.fetched_at.tzinfo is not None
            assert code.encode() in raw.body
        assert len(gateway.asked) == asked


async def test_packages_on_other_lpses_come_out_with_their_number():
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        book = merged(await pages_of(visit))

    assert [lpse for (_, code, lpse) in book if code == CONSULTING] == [802]


@pytest.mark.parametrize("kind", sorted(InaprocAdapter.kinds))
async def test_every_kind_has_its_lists(kind):
    async with a_gateway(all_rows(kind)) as gateway, a_visit(gateway) as visit:
        pages = await pages_of(visit, kind)
        records = [await visit.detail(entry) for entry in pages[0].entries]

    assert set(gateway.resources()) == set(all_rows(kind))
    assert any(record.fields["status"] is PackageStatus.COMPLETED for record in records)


def test_the_gateway_knows_no_emergency_packages():
    assert frozenset(PackageKind) - InaprocAdapter.kinds == {PackageKind.EMERGENCY}
    assert InaprocAdapter.joins


async def test_several_institutions_are_asked_in_turn():
    async with a_gateway() as gateway, a_visit(gateway, kd_klpd=["D999", "d998", "D999"]) as visit:
        pages = await pages_of(visit)

    asked = [question["kode_klpd"] for _, question, _ in gateway.asked]
    assert asked == ["D999"] * 6 + ["D998"] * 6
    assert len(pages) == 12


@pytest.mark.parametrize("options", [{"kd_klpd": None}, {"kd_klpd": []}, {"kd_klpd": "D9 OR 1"}, {"lain": 1}])
async def test_without_an_institution_nothing_is_asked(options):
    async with a_gateway() as gateway:
        with pytest.raises(NodeRefused, match=r"options\.kd_klpd"):
            async with a_visit(gateway, **options):
                pass

    assert gateway.asked == []


@pytest.mark.parametrize("suffix", ["", "/", "/api/v1", "/api/v1/", "/api/v1/tender", "/api/v1/tender/?x=1"])
async def test_the_base_is_understood_in_every_spelling(suffix):
    async with a_gateway() as gateway:
        gateway.base_url += suffix
        async with a_visit(gateway) as visit:
            await pages_of(visit)

    assert gateway.asked[0][0] == ANNOUNCED


async def test_a_gateway_below_a_path_is_found_there():
    async with a_gateway() as gateway:
        gateway.base_url += "/-/inaproc"
        async with a_visit(gateway) as visit:
            pages = await pages_of(visit)

    assert pages[0].received == 4


# --- Resuming


async def test_a_killed_walk_resumes_after_any_page_and_ends_with_the_same_rows():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        whole = await pages_of(visit)
        for kept in range(1, len(whole) + 1):
            gateway.asked.clear()

            rest = await pages_of(visit, resume=whole[kept - 1].position)

            assert len(gateway.asked) == len(whole) - kept
            assert merged([*whole[:kept], *rest]) == merged(whole)


async def test_a_position_survives_as_text_and_tells_no_secret():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        position = (await pages_of(visit))[0].position

    assert json.loads(position) == {"kd_klpd": "D999", "resource": ANNOUNCED, "cursor": "baris-2", "rows": 2}


@pytest.mark.parametrize(
    "strange", ["x", "[]", "5", '{"kd_klpd": "D1"}', '{"kd_klpd":"D1","resource":"lain","cursor":null,"rows":0}']
)
async def test_a_position_that_is_not_ours_begins_at_the_beginning(strange):
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        pages = await pages_of(visit, resume=strange)

    assert len(pages) == 6


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_an_expired_cursor_begins_its_list_again(status):
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        whole = await pages_of(visit)
        gateway.asked.clear()
        gateway.before = lambda _, question: (
            (status, {"error": "cursor"}) if question.get("cursor") == "baris-2" and len(gateway.asked) == 1 else None
        )

        rest = await pages_of(visit, resume=whole[0].position)

    assert gateway.cursors(ANNOUNCED) == ["baris-2", None, "baris-2"]
    assert merged([whole[0], *rest]) == merged(whole)


async def test_a_cursor_that_is_always_refused_is_drift():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        gateway.before = lambda _, question: (400, {"error": "cursor"}) if "cursor" in question else None

        with pytest.raises(NodeContractBroken):
            await pages_of(visit)


# --- Envelopes


async def test_a_bare_array_is_a_whole_list():
    lists = all_rows(NON_TENDER)
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        gateway.before = lambda resource, _: (200, lists[resource])
        pages = await pages_of(visit, NON_TENDER)

    assert [page.received for page in pages] == [2, 1, 1, 1]


async def test_a_bare_array_of_exactly_the_limit_may_be_cut(monkeypatch):
    monkeypatch.setattr(listing, "LIMIT", 4)
    lists = all_rows()
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        gateway.before = lambda resource, _: (200, lists[resource])
        with pytest.raises(IndexIncomplete):
            await pages_of(visit)


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "data": []},
        {"success": "true", "data": []},
        {"error": "apa saja"},
        {"success": True, "data": {"0": {}}},
        {"success": True, "data": [], "meta": []},
        {"success": True, "data": [], "meta": {"cursor": 5, "has_more": True}},
        {"success": True, "data": [], "meta": {"cursor": "x", "has_more": "ya"}},
        {"success": True, "data": ["baris"], "meta": {}},
        {"success": True, "data": [{"lain": 1}], "meta": {}},
        {"success": True, "data": [{"kd_tender": 1}], "meta": {}},
        "login",
        b"<html>Silakan masuk</html>",
        b'{"success": true, "data": [NaN]}',
        b"[" * 100_000,
        b"",
    ],
)
async def test_what_is_not_the_gateways_shape_is_drift(body):
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.before = lambda *_: (200, body)
        with pytest.raises(NodeContractBroken):
            await pages_of(visit)


async def test_an_answer_that_may_be_cut_off_heals_with_time():
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.before = lambda *_: (200, b'{"success": true, "data": [', {"content-length": None})
        with pytest.raises(NodeUnreachable):
            await pages_of(visit)


async def test_one_unreadable_row_does_not_stop_the_others():
    lists = all_rows()
    lists[ANNOUNCED] += [
        "bukan objek",
        {"kd_tender": "x", "kd_lpse": 7},
        {"kd_tender": 5},
        {"kd_tender": 6, "kd_lpse": 0},
    ]
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        pages = await pages_of(visit)

    assert codes(pages) == ["row-unreadable", "code-unreadable", "row-unreadable", "row-unreadable"]
    assert (pages[0].received, len(pages[0].entries)) == (8, 4)


async def test_text_that_no_database_holds_spoils_no_page():
    lists = all_rows()
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        body = json.dumps(
            {"success": True, "data": [{"kd_tender": 1, "kd_lpse": 7, "nama_paket": "a\ud800b\x00c", "pagu": 1.5}]}
        )
        gateway.before = lambda resource, _: (200, body.encode()) if resource == ANNOUNCED else None
        [page, *_] = await pages_of(visit)

    [row] = page.entries[0].row.values()
    assert row["nama_paket"] == "a\ufffdb\ufffdc"
    assert str(row["pagu"]) == "1.5"


# --- Lists that do not end or do not add up


async def test_a_cursor_that_comes_back_is_never_called_complete():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        gateway.meta = {"cursor": "baris-2", "has_more": True}
        kept = []
        with pytest.raises(IndexIncomplete):
            await gather(visit, kept)

    assert [page.received for page in kept] == [2, 2]
    assert json.loads(kept[-1].position)["cursor"] is None


async def test_more_without_a_cursor_is_never_called_complete():
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.meta = {"cursor": None, "has_more": True}
        with pytest.raises(IndexIncomplete):
            await pages_of(visit)


@pytest.mark.parametrize("rows", [[], None])
async def test_a_list_that_goes_on_without_a_new_row_ends(rows):
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        data = all_rows()[ANNOUNCED] if rows is None else rows
        gateway.before = lambda *_: (
            200,
            {"success": True, "data": data, "meta": {"cursor": f"c{len(gateway.asked)}", "has_more": True}},
        )
        with pytest.raises(IndexIncomplete):
            await pages_of(visit)

    assert len(gateway.asked) <= 6


async def test_a_list_that_is_made_up_while_we_read_ends(monkeypatch):
    monkeypatch.setattr(listing, "MAX_PAGES", 20)
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.before = lambda *_: (
            200,
            {
                "success": True,
                "data": [{"kd_tender": len(gateway.asked), "kd_lpse": 7}],
                "meta": {"cursor": f"c{len(gateway.asked)}", "has_more": True},
            },
        )
        with pytest.raises(IndexIncomplete):
            await pages_of(visit)

    assert len(gateway.asked) == 20


@pytest.mark.parametrize("meta", [{"total": 5}, {"count": 7}, {"total": 3, "count": 4}])
async def test_a_list_that_does_not_reach_its_own_count_is_read_again_and_then_incomplete(meta):
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.meta = meta
        with pytest.raises(IndexIncomplete, match="states"):
            await pages_of(visit)

    assert gateway.resources() == {ANNOUNCED: 2}


async def test_a_count_may_be_that_of_the_page_or_of_the_list():
    async with a_gateway(page_length=3) as gateway, a_visit(gateway) as visit:
        lists = gateway.lists
        original = gateway.answer

        def counted(path, question):
            status, body = original(path, question)
            resource = path.partition("/api/v1/")[2]
            body["meta"]["count"] = len(body["data"]) if resource == ANNOUNCED else len(lists[resource])
            return status, body

        gateway.answer = counted
        pages = await pages_of(visit)

    assert sum(page.received for page in pages) == sum(len(rows) for rows in lists.values())


async def test_a_total_is_checked_over_a_resumed_walk_too():
    async with a_gateway(page_length=2) as gateway, a_visit(gateway) as visit:
        gateway.before = lambda resource, _: None if resource == ANNOUNCED else (200, {"success": True, "data": []})
        gateway.meta = {"total": 4}
        whole = await pages_of(visit)
        rest = await pages_of(visit, resume=whole[0].position)

    assert len(rest) == len(whole) - 1


# --- Refusals


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, NodeContractBroken),
        (401, NodeRefused),
        (403, NodeRefused),
        (405, NodeContractBroken),
        (429, NodeUnreachable),
        (500, NodeUnreachable),
        (503, NodeUnreachable),
    ],
)
async def test_a_status_says_who_must_act(status, failure):
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        gateway.before = lambda *_: (status, {"error": f"nilai {TOKEN} salah"})
        with pytest.raises(failure) as caught:
            await pages_of(visit)

    assert TOKEN not in f"{caught.value.reason} {caught.value.evidence}"
    assert len(gateway.asked) == (4 if status in {429, 500, 503} else 1)


async def test_a_missing_token_is_told_as_such():
    async with a_gateway() as gateway, a_visit(gateway, secret=None) as visit:
        gateway.before = lambda *_: (401, {"error": "Authorization field missing"})
        with pytest.raises(NodeRefused, match="wants a token") as caught:
            await pages_of(visit)

    assert "authorization" not in gateway.asked[0][2]
    assert "Authorization field missing" in caught.value.evidence


async def test_a_gateway_that_wants_no_token_is_read_without_one():
    async with a_gateway() as gateway, a_visit(gateway, secret=None) as visit:
        assert len(await pages_of(visit)) == 6


@pytest.mark.parametrize("secret", [f"Bearer {TOKEN}", f"  {TOKEN}\n"])
async def test_a_token_is_taken_as_people_paste_it(secret):
    async with a_gateway() as gateway, a_visit(gateway, secret=secret) as visit:
        await pages_of(visit)

    assert gateway.asked[0][2]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("secret", ["a\nb", "dua kata", "tökén"])
async def test_a_token_that_cannot_be_one_is_refused_without_being_shown(secret):
    async with a_gateway() as gateway:
        with pytest.raises(NodeRefused) as caught:
            async with a_visit(gateway, secret=secret):
                pass

    assert secret not in caught.value.reason
    assert gateway.asked == []


async def test_a_part_that_the_gateway_lacks_is_told_and_the_rest_is_read():
    lists = all_rows()
    del lists[SCHEDULE]
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        pages = await pages_of(visit)

    [problem] = [problem for page in pages for problem in page.problems]
    assert (problem.code, problem.kind, problem.field) == ("source-without-part", "tender", SCHEDULE)
    assert "404" in problem.value
    assert len(pages) == 6


async def test_a_gateway_without_announcements_is_drift():
    lists = all_rows()
    del lists[ANNOUNCED]
    async with a_gateway(lists) as gateway, a_visit(gateway) as visit:
        with pytest.raises(NodeContractBroken, match="pengumuman"):
            await pages_of(visit)
        with pytest.raises(NodeContractBroken, match="pengumuman"):
            await probed(gateway)


# --- Quotas


async def test_a_quota_that_comes_back_soon_is_waited_for(monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    async with a_gateway() as gateway, a_visit(gateway) as visit:
        original = gateway.answer
        gateway.answer = lambda path, question: (
            *original(path, question),
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"},
        )
        monkeypatch.setattr(gateway_module.asyncio, "sleep", sleep)
        pages = await pages_of(visit)

    assert [seconds for seconds in slept if seconds] == [30, 30]
    assert len(pages) == 6


@pytest.mark.parametrize(
    ("remaining", "reset"),
    [("1", "30"), ("0", "3600"), ("0", "-5"), ("0", "1"), ("x", "30"), ("0", "nan"), ("0", None)],
)
async def test_a_quota_is_not_waited_for_without_need_or_prospect(monkeypatch, remaining, reset):
    monkeypatch.setattr(gateway_module, "MAX_WAIT_SECONDS", 0.5)
    async with a_gateway() as gateway, a_visit(gateway) as visit:
        original = gateway.answer
        headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
        gateway.answer = lambda path, question: (*original(path, question), headers)

        assert len(await pages_of(visit)) == 6


# --- Probing, and where it answers


async def test_a_probe_asks_one_cheap_question():
    async with a_gateway() as gateway:
        facts = await probed(gateway)

    [(resource, question, _)] = gateway.asked
    assert resource == ANNOUNCED
    assert (question["limit"], question["kode_klpd"]) == ("1", "D999")
    assert facts.base_url == gateway.base_url


async def test_a_probe_tells_a_refusal():
    async with a_gateway() as gateway:
        gateway.before = lambda *_: (403, {"error": "ip"})
        with pytest.raises(NodeRefused):
            await probed(gateway)


async def test_a_gateway_that_moved_is_followed_and_the_token_stays_at_home():
    async with a_gateway() as new, a_gateway() as old:
        old.before = lambda resource, _: (
            302,
            b"",
            {"location": f"{new.base_url}/baru/api/v1/{resource}?kode_klpd=D999&tahun=2025&limit=1000"},
        )
        async with a_visit(old) as visit:
            await pages_of(visit)

            assert visit.facts.base_url == f"{new.base_url}/baru"

    assert "authorization" not in new.asked[0][2]
