"""Large bodies: kept first, taken in by a worker, resumable, never half."""

import gzip
import json

import pytest
from sqlalchemy import text

from app.submission import book, processing
from app.submission.service import MAX_ROWS_AT_ONCE
from tests.submission.conftest import a_row, conserves, lines

MANY = MAX_ROWS_AT_ONCE + 100


def many(count=MANY, **fields):
    return [a_row(str(100_000 + number), **fields) for number in range(count)]


async def followed(sender, receipt):
    return (await sender.get(f"/api/v1/submissions/{receipt['id']}")).json()


async def test_a_large_body_is_acknowledged_first_and_taken_in_by_a_worker(sender, packages, work, database):
    body = gzip.compress(lines(*many(), b"broken"))
    answer = await sender.push(body=body, headers={"Content-Encoding": "gzip"})
    receipt = answer.json()
    assert (answer.status_code, receipt["state"], receipt["finished_at"]) == (202, "received", None)
    async with database.reading() as session:
        tasks = (await session.execute(text("SELECT task_name, args FROM procrastinate_jobs"))).all()
    assert [tuple(task) for task in tasks] == [("process_submission", {"submission_id": receipt["id"]})]

    await work(receipt)

    done = await followed(sender, receipt)
    assert (done["state"], done["counts"]["new"], done["counts"]["rejected"]) == ("completed", MANY, 1)
    assert done["progress"] == {"rows_done": MANY + 1, "rows_total": MANY + 1}
    assert conserves(done["counts"])
    assert len(await packages()) == 1000
    assert (await sender.get(f"/api/v1/submissions/{receipt['id']}/body")).content == body


async def test_a_body_of_several_pieces_is_kept_to_the_byte(sender, work):
    body = lines(*(a_row(str(number), description="Contoh " * 800) for number in range(400)))
    assert len(body) > 2 * 1024 * 1024

    receipt = (await sender.push(body=body)).json()
    await work(receipt)

    done = await followed(sender, receipt)
    assert (done["state"], done["counts"]["new"], done["bytes"]) == ("completed", 400, len(body))
    assert (await sender.get(f"/api/v1/submissions/{receipt['id']}/body")).content == body


async def test_a_worker_that_dies_leaves_whole_batches_and_the_next_goes_on(sender, database, work, monkeypatch):
    receipt = (await sender.push(*many())).json()
    advance, calls = book.advance, []

    async def dying(session, submission, sender, units, *, now):
        taken = await advance(session, submission, sender, units, now=now)
        calls.append(len(units))
        if len(calls) == 3:
            msg = "the worker is killed"
            raise KeyboardInterrupt(msg)
        return taken

    monkeypatch.setattr(processing.book, "advance", dying)
    with pytest.raises(KeyboardInterrupt):
        await work(receipt, units_per_commit=200)
    monkeypatch.setattr(processing.book, "advance", advance)
    half = await followed(sender, receipt)
    assert (half["state"], half["counts"]["seen"], conserves(half["counts"])) == ("processing", 400, True)

    await work(receipt, units_per_commit=300)

    done = await followed(sender, receipt)
    assert (done["state"], done["counts"]["new"], done["counts"]["unchanged"]) == ("completed", MANY, 0)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM observations")) == MANY


async def test_a_frozen_worker_that_wakes_up_stores_nothing_more(sender, database, work, monkeypatch):
    receipt = (await sender.push(*many())).json()
    advance = book.advance

    async def overtaken(session, submission, sender, units, *, now):
        monkeypatch.setattr(processing.book, "advance", advance)
        await work(receipt)
        return await advance(session, submission, sender, units, now=now)

    monkeypatch.setattr(processing.book, "advance", overtaken)
    await work(receipt, units_per_commit=500)

    done = await followed(sender, receipt)
    assert (done["state"], done["counts"]["new"], done["counts"]["seen"]) == ("completed", MANY, MANY)


async def test_a_large_body_that_breaks_off_brings_nothing(sender, packages, work):
    whole = json.dumps(many()).encode()

    receipt = (
        await sender.push(
            body=gzip.compress(whole)[:-9], content_type="application/json", headers={"Content-Encoding": "gzip"}
        )
    ).json()
    if receipt.get("state") == "received":
        await work(receipt)
        receipt = await followed(sender, receipt)
    else:
        receipt = receipt["submission"]

    assert (receipt["state"], receipt["counts"]["seen"]) == ("failed", 0)
    assert await packages() == {}


async def test_work_that_gets_nowhere_is_given_up(sender, work, monkeypatch):
    receipt = (await sender.push(*many())).json()

    async def broken(*_args, **_named):
        msg = "always"
        raise RuntimeError(msg)

    monkeypatch.setattr(processing.book, "advance", broken)
    for _ in range(book.MAX_IDLE_ATTEMPTS):
        with pytest.raises(RuntimeError):
            await work(receipt)
    await work(receipt)

    done = await followed(sender, receipt)
    assert (done["state"], done["problem_codes"]) == ("failed", {"submission-given-up": 1})


async def test_a_large_dry_run_keeps_its_answer_only(sender, packages, work, database):
    receipt = (await sender.push(*many(), dry_run="true")).json()
    await work(receipt)

    done = await followed(sender, receipt)
    assert (done["state"], done["dry_run"], done["counts"]["new"]) == ("completed", True, MANY)
    assert await packages() == {}
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM submission_bodies")) == 0
        assert await session.scalar(text("SELECT count(*) FROM observations")) == 0


async def test_rows_of_an_earlier_body_processed_later_do_not_win(sender, packages, work):
    large = (await sender.push(*many(pagu=1))).json()
    await sender.push(a_row("100000", pagu=2))

    await work(large)

    found = await packages()
    assert (found["100000"]["pagu"], found["100001"]["pagu"]) == ("2.00", "1.00")
    done = await followed(sender, large)
    assert (done["counts"]["superseded"], done["counts"]["new"]) == (1, MANY - 1)
