"""Exports that are prepared: one job for all who ask, a file that can be resumed, kept for a while and for whom it was made."""

import asyncio
import base64
import hashlib
import io
import uuid
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from app.exchange.exports import jobs, pieces, preparing
from app.exchange.exports.errors import ExportsBusy
from app.exchange.exports.forms.protocol import Form
from app.exchange.exports.preparing import PREPARE_EXPORT, ExportPolicy
from app.exchange.exports.questions import PackagesAsked, Wanted
from app.kit.clock import utc_now
from app.kit.json import loads
from app.procurement.filtering import PackageFilter
from tests.access.callers import issue
from tests.conftest import NOW
from tests.records import a_record, door_of, rows

ADDRESS = "/api/v1/exports/packages.csv?prepared=true"


@pytest.fixture(autouse=True)
async def packages(database):
    door = await door_of(database)
    await door.record(*(a_record(str(number)) for number in range(1, 4)))


@pytest.fixture
def work(database):
    async def work(policy=ExportPolicy(), is_stopping=lambda: False):
        """Do all that waits on the queue, as a worker does."""
        waiting = await rows(
            database,
            "SELECT id, args ->> 'export_id' AS export FROM procrastinate_jobs WHERE task_name = :task",
            task=PREPARE_EXPORT,
        )
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM procrastinate_jobs"))
        for job in waiting:
            await jobs.prepare_export(database, policy, is_stopping, job["export"])
        return len(waiting)

    return work


@pytest.fixture(autouse=True)
async def nothing_left(database):
    yield
    async with database.transaction() as session:
        for table in ("prepared_exports", "export_pieces", "procrastinate_jobs"):
            await session.execute(text(f"DELETE FROM {table}"))


async def ready(client, work, address=ADDRESS, **headers):
    asked = await client.get(address, headers=headers)
    assert asked.status_code == 202, asked.text
    await work()
    return (await client.get(asked.headers["location"], headers=headers)).json()


async def test_a_large_export_is_prepared_and_then_served_at_its_own_address(client, work):
    asked = await client.get(ADDRESS)

    assert (asked.status_code, asked.json()["state"], asked.headers["retry-after"]) == (202, "queued", "5")
    early = await client.get(f"{asked.headers['location']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "export-not-ready")
    assert await work() == 1
    told = (await client.get(asked.headers["location"])).json()
    whole = await client.get(ADDRESS)
    assert (told["state"], told["rows"], told["bytes"]) == ("ready", 3, len(whole.content))
    assert hashlib.sha256(whole.content).hexdigest() == told["sha256"]
    assert whole.headers["etag"] == f'"{told["sha256"]}"'
    assert (
        base64.b64decode(whole.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")).hex()
        == told["sha256"]
    )
    assert whole.headers["content-location"] == told["file"]
    assert (whole.headers["x-export-rows"], whole.headers["accept-ranges"]) == ("3", "bytes")
    assert "content-encoding" not in whole.headers


async def test_a_download_that_was_cut_goes_on_where_it_stopped(client, work, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100)
    told = await ready(client, work)
    whole = await client.get(told["file"])
    tag = whole.headers["etag"]

    parts = []
    for stated in ("bytes=0-149", "bytes=150-349", f"bytes=350-{told['bytes']}"):
        part = await client.get(told["file"], headers={"Range": stated, "If-Range": tag})
        assert part.status_code == 206
        parts.append(part.content)
    assert b"".join(parts) == whole.content
    assert part.headers["content-range"] == f"bytes 350-{told['bytes'] - 1}/{told['bytes']}"
    assert int(part.headers["content-length"]) == len(parts[-1])
    other = await client.get(told["file"], headers={"Range": "bytes=150-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    beyond = await client.get(told["file"], headers={"Range": f"bytes={told['bytes']}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range-not-satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{told['bytes']}"
    known = await client.get(told["file"], headers={"If-None-Match": tag, "Range": "bytes=0-1"})
    assert (known.status_code, known.content) == (304, b"")
    head = await client.head(told["file"])
    assert (head.status_code, int(head.headers["content-length"])) == (200, told["bytes"])


async def test_whoever_asks_for_the_same_joins_in(client, database, work):
    answers = await asyncio.gather(*(client.get(ADDRESS) for _ in range(5)))
    other = await client.get(f"{ADDRESS}&kind=tender")

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert other.json()["id"] != answers[0].json()["id"]
    assert await work() == 2
    assert [row["state"] for row in await rows(database, "SELECT state FROM prepared_exports")] == ["ready", "ready"]


async def test_only_so_many_may_wait(client, api):
    api.state.exports.policy = replace(api.state.exports.policy, waiting=2)
    for year in (2023, 2024):
        assert (await client.get(f"{ADDRESS}&fiscal_year={year}")).status_code == 202

    refused = await client.get(f"{ADDRESS}&fiscal_year=2025")

    assert (refused.status_code, refused.json()["code"]) == (429, "exports-busy")
    assert int(refused.headers["retry-after"]) > 0
    assert (await client.get(f"{ADDRESS}&fiscal_year=2023")).status_code == 202


WANTED = Wanted("packages", Form.NDJSON, PackagesAsked(PackageFilter()))


async def test_only_so_many_are_sent_at_once_and_fewer_to_one_asker(client, api, monkeypatch):
    monkeypatch.setattr("app.exchange.exports.service._PATIENCE_SECONDS", 0.01)
    desk, each = api.state.exports, api.state.exports.policy.streams_each

    held = [await desk.hand_out(WANTED, asker="satu", as_file=False, now=NOW) for _ in range(each)]
    with pytest.raises(ExportsBusy):
        await desk.hand_out(WANTED, asker="satu", as_file=False, now=NOW)
    held += [
        await desk.hand_out(WANTED, asker=f"lain {number}", as_file=False, now=NOW)
        for number in range(desk.policy.streams - each)
    ]
    refused = await client.get("/api/v1/exports/packages.csv")
    for streamed in held:
        await streamed.pieces.aclose()
        await streamed.close()
    again = await client.get("/api/v1/exports/packages.csv")

    assert (refused.status_code, refused.json()["code"]) == (429, "exports-busy")
    assert again.status_code == 200


async def test_what_is_small_is_made_at_once_and_what_is_not_is_prepared(client, api, work):
    small = await client.get("/api/v1/exports/packages.parquet")
    api.state.exports.policy = replace(api.state.exports.policy, at_once=2, at_once_xlsx=2)

    for form in ("parquet", "xlsx"):
        large = await client.get(f"/api/v1/exports/packages.{form}")
        assert large.status_code == 202
    past = await client.get("/api/v1/exports/packages.ndjson?as_of=2026-03-02T05:00:00Z")
    assert past.status_code == 202
    assert await work() == 3
    prepared = await client.get("/api/v1/exports/packages.parquet")
    assert pq.read_table(io.BytesIO(prepared.content)).equals(pq.read_table(io.BytesIO(small.content)))
    book = openpyxl.load_workbook(io.BytesIO((await client.get("/api/v1/exports/packages.xlsx")).content))
    assert [cell.value for cell in book["packages"]["C"]] == ["code", "1", "2", "3"]
    past = await client.get("/api/v1/exports/packages.ndjson?as_of=2026-03-02T05:00:00Z")
    assert (past.status_code, past.headers["x-export-rows"], past.headers["x-export-moment"]) == (
        200,
        "3",
        "2026-03-02T05:00:00Z",
    )


async def test_all_rows_are_of_one_moment_while_others_write(client, api, database):
    """A reader who has begun is told nothing of what comes later, and exactly as many rows as were announced."""
    streamed = await api.state.exports.hand_out(WANTED, asker="satu", as_file=False, now=utc_now())
    await (await door_of(database)).record(a_record("4"))

    body = b"".join([piece async for piece in streamed.pieces])
    await streamed.close()

    assert [loads(line)["code"] for line in body.splitlines()] == ["1", "2", "3"]
    assert streamed.heading.rows == 3
    changes = await client.get("/api/v1/changes", params={"after": streamed.heading.cursor})
    assert [item["package"]["code"] for item in changes.json()["items"]] == ["4"]


async def test_a_file_is_there_only_for_whom_it_was_made(client, database, province_key, work):
    own = (await issue(database, "node", "surabaya")).secret
    other = (await issue(database, "node", "gresikkab")).secret
    told = await ready(client, work, Authorization=f"Bearer {own}")

    async def status(key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return {
            (await client.get(told["file"].removesuffix(part), headers=headers)).status_code for part in ("", "/file")
        }

    assert await status(own) == {200}
    assert await status(province_key) == {200}
    assert await status(other) == await status(None) == {404}
    assert (await client.get(ADDRESS)).status_code == 202


async def test_words_that_were_searched_for_are_masked_too(client, province_key, work):
    told = await ready(client, work, f"{ADDRESS}&q=0812-3456-7890&kind=tender")
    whole = await ready(client, work, f"{ADDRESS}&q=0812-3456-7890", Authorization=f"Bearer {province_key}")

    assert told["question"]["wanted"] == {"q": "****-****-****", "kind": ["tender"]}
    assert whole["question"]["wanted"] == {"q": "0812-3456-7890"}


async def test_a_worker_that_died_leaves_the_export_to_another(client, database, work):
    asked = (await client.get(ADDRESS)).json()
    export = uuid.UUID(asked["id"])
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE prepared_exports SET state = 'preparing', attempt = 1, asked_at = now() - interval '1 hour'")
        )
        await session.execute(text("DELETE FROM procrastinate_jobs"))

    await jobs.tend_exports(database)
    await jobs.tend_exports(database)
    assert await work() == 1

    # The one that was thought dead comes too late.
    await preparing._finish(database, ExportPolicy(), export, 1, None)
    assert (await client.get(f"/api/v1/exports/prepared/{export}")).json()["state"] == "ready"


async def test_a_stopping_worker_gives_the_export_back(client, database, work):
    asked = (await client.get(ADDRESS)).json()

    assert await work(is_stopping=lambda: True) == 1

    assert (await client.get(f"/api/v1/exports/prepared/{asked['id']}")).json()["state"] == "queued"
    assert await work() == 1
    assert (await client.get(ADDRESS)).status_code == 200


async def test_what_cannot_be_made_is_said_to_have_failed(client, database, work):
    asked = (await client.get(ADDRESS)).json()
    async with database.transaction() as session:
        await session.execute(
            text("""UPDATE prepared_exports SET question = '{"wanted": {"fiscal_year": [99999999999]}}'""")
        )

    await work()

    told = (await client.get(f"/api/v1/exports/prepared/{asked['id']}")).json()
    assert (told["state"], told["file"]) == ("failed", None)
    assert (await client.get(f"/api/v1/exports/prepared/{asked['id']}/file")).status_code == 409


async def test_files_are_swept_away_when_their_time_is_over(client, database, work):
    told = await ready(client, work)
    await jobs.sweep_exports(database)
    assert (await client.get(told["file"])).status_code == 200
    async with database.transaction() as session:
        assert await preparing.sweep(session, now=utc_now() + timedelta(days=8)) == 1

    assert await rows(database, "SELECT 1 FROM export_pieces") == []
    for address in (told["file"], told["file"].removesuffix("/file")):
        gone = await client.get(address)
        assert (gone.status_code, gone.json()["code"]) == (404, "export-not-found")


async def test_a_file_that_goes_while_it_is_sent_ends_early(database):
    with pytest.raises(pieces.FileGone):
        async for _piece in pieces.pieces_between(database, uuid.uuid4(), 0, 10):
            pass
