"""Figures of pushed packages follow from what was pushed, by the independent recomputation too."""

import json

from app.statistics.verification import verify_figures
from tests.submission.conftest import a_row


async def test_figures_of_several_shapes_of_rows_are_verified(sender, database, client):
    await sender.push(
        a_row("1"), a_row("2", status="failed"), a_row("3", hps=None), a_row("4", awarded_at="2025-07-01")
    )
    release = {
        "ocid": "ocds-contoh-1",
        "id": "1",
        "date": "2025-08-01T00:00:00+07:00",
        "tag": ["award"],
        "tender": {"id": "1", "title": "Contoh", "status": "complete", "value": {"amount": 2000, "currency": "IDR"}},
        "awards": [{"id": "a", "status": "active", "value": {"amount": 5, "currency": "IDR"}}],
    }
    pushed = await sender.push(
        body=json.dumps([release]).encode(),
        content_type="application/json",
        schema="ocds",
        kind="tender",
        fiscal_year=2025,
    )
    assert pushed.status_code == 201, pushed.text

    async with database.reading() as session:
        verification = await verify_figures(session)

    assert (verification.differences, verification.packages) == ((), 4)
    total = (await client.get("/api/v1/statistics/savings")).json()["total"]
    assert (total["completed"], total["by_pagu"]["packages"], total["by_hps"]["packages"]) == (3, 3, 2)
