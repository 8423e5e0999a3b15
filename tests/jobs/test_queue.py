"""Jobs go onto the queue with the transaction that needs them, and the library's own functions are as we know them."""

import contextlib

import procrastinate
import pytest
from sqlalchemy import text

from app.jobs.queue import QUEUE, enqueue
from app.kit.db import driver_url


class Undone(Exception):
    pass


async def waiting(database):
    async with database.reading() as session:
        rows = await session.execute(
            text(
                "SELECT id, queue_name, task_name, lock, queueing_lock, priority, args, status::text FROM procrastinate_jobs ORDER BY id"
            )
        )
        return [row._asdict() for row in rows]


async def test_a_job_is_there_once_its_transaction_is_committed(database):
    async with database.transaction() as session:
        job = await enqueue(session, "collect_node", {"run_id": 7}, lock="node:1", queueing_lock="run:7", priority=25)
        assert await waiting(database) == []

    assert await waiting(database) == [
        {
            "id": job,
            "queue_name": QUEUE,
            "task_name": "collect_node",
            "lock": "node:1",
            "queueing_lock": "run:7",
            "priority": 25,
            "args": {"run_id": 7},
            "status": "todo",
        }
    ]


async def test_a_job_of_a_transaction_that_was_rolled_back_never_existed(database):
    with contextlib.suppress(Undone):
        async with database.transaction() as session:
            await enqueue(session, "collect_node", {"run_id": 7})
            raise Undone

    assert await waiting(database) == []


async def test_of_the_jobs_that_share_a_waiting_lock_one_waits(database):
    async with database.transaction() as session:
        await enqueue(session, "tend", {}, queueing_lock="tend")

    with pytest.raises(Exception, match="queueing_lock"):
        async with database.transaction() as session:
            await enqueue(session, "tend", {}, queueing_lock="tend")

    assert len(await waiting(database)) == 1


async def test_of_the_jobs_that_share_a_lock_one_is_given_out_and_the_most_urgent_first(database, library):
    async with database.transaction() as session:
        older = await enqueue(session, "a", {}, lock="node:1", priority=24)
        urgent = await enqueue(session, "a", {}, lock="node:1", priority=25)
        other = await enqueue(session, "a", {}, lock="node:2", priority=20)
    worker = await library.register_worker()

    first = await library.fetch_job([QUEUE], worker)
    second = await library.fetch_job([QUEUE], worker)
    nothing = await library.fetch_job([QUEUE], worker)
    await library.finish_job(first, procrastinate.jobs.Status.SUCCEEDED, delete_job=True)
    third = await library.fetch_job([QUEUE], worker)

    assert (first.id, second.id, nothing, third.id) == (urgent, other, None, older)
    assert first.task_kwargs == {}


async def test_the_librarys_internal_function_has_the_shape_we_call_it_with(database):
    async with database.reading() as session:
        shape = await session.scalar(
            text("""
                SELECT pg_get_function_arguments(p.oid) || ' -> ' || pg_get_function_result(p.oid)
                FROM pg_proc p WHERE p.proname = 'procrastinate_defer_jobs_v1'
            """)
        )
        fields = await session.execute(
            text("""
                SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = 'procrastinate_job_to_defer_v1'::regclass ORDER BY attnum
            """)
        )
        finishing = await session.scalar(
            text("SELECT pg_get_function_arguments(oid) FROM pg_proc WHERE proname = 'procrastinate_finish_job_v1'")
        )

    assert shape == "jobs procrastinate_job_to_defer_v1[] -> bigint[]"
    assert [tuple(row) for row in fields] == [
        ("queue_name", "character varying"),
        ("task_name", "character varying"),
        ("priority", "integer"),
        ("lock", "text"),
        ("queueing_lock", "text"),
        ("args", "jsonb"),
        ("scheduled_at", "timestamp with time zone"),
    ]
    assert finishing == "job_id bigint, end_status procrastinate_job_status, delete_job boolean"


@pytest.fixture
async def library(database_urls):
    """The library's own hand on the queue."""
    connector = procrastinate.PsycopgConnector(conninfo=driver_url(database_urls.app, ""))
    app = procrastinate.App(connector=connector)
    async with app.open_async():
        yield app.job_manager
