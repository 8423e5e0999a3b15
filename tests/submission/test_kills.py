"""Workers killed while they take submissions in: every row has one outcome, once, and the figures agree."""

import random
import signal
import time

from app.statistics.verification import verify_figures
from tests.submission.conftest import Sender, a_row, conserves
from tests.workers import wait_until, workers

ROWS = 2000


def states(team):
    return [row[0] for row in team.ask("SELECT state FROM submissions ORDER BY id") or []]


def seen(team):
    rows = team.ask("SELECT coalesce(sum(seen), 0)::int FROM submissions")
    return rows[0][0] if rows else 0


async def test_killed_workers_lose_and_double_nothing(sender, client, province_key, database, database_urls):
    other = Sender(client, province_key, "/api/v1/nodes/ponorogo/submissions")
    rows = [a_row(str(100_000 + number)) for number in range(ROWS)]
    receipts = [
        (await sender.push(*rows)).json(),
        (await other.push(*rows, a_row("bad", pagu="x"))).json(),
        (await sender.push(*(dict(row, pagu=row["pagu"] + 1) for row in rows[: ROWS // 2]))).json(),
    ]
    moments = random.Random(4)

    with workers(database_urls.app, RAKOR_WORKER_CONCURRENCY="4") as team:
        for _ in range(2):
            worker = team.start()
            before = seen(team)
            wait_until(lambda before=before: seen(team) > before or set(states(team)) == {"completed"})
            time.sleep(moments.uniform(0.0, 0.4))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        team.start()
        wait_until(lambda: set(states(team)) == {"completed"}, what="the end of all submissions")

    done = [(await other.get(f"/api/v1/submissions/{receipt['id']}")).json() for receipt in receipts]
    assert [item["counts"]["seen"] for item in done] == [ROWS, ROWS + 1, ROWS // 2]
    assert all(conserves(item["counts"]) for item in done)
    assert sum(item["counts"]["new"] for item in done) == 2 * ROWS
    async with database.reading() as session:
        verification = await verify_figures(session)
    assert (verification.packages, verification.differences) == (2 * ROWS, ())
    total = (await client.get("/api/v1/statistics/savings")).json()["total"]
    assert total["by_pagu"]["packages"] == 2 * ROWS
    assert total["by_pagu"]["pagu"] == 2 * ROWS * 1000 + ROWS // 2
