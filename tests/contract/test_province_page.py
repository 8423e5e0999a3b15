"""A province page is drawn from the six requests of the README, each of which says something."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.records import a_record, an_award, door_of

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.split("### A province page in six requests")[1].split("\n#")[0]
REQUESTS = re.findall(r"curl 'http://127\.0\.0\.1:8000([^']+)'", SECTION)


async def test_six_requests_draw_a_province_page(client, database):
    for slug, buyer in (("surabaya", "Kota Surabaya"), ("jatimprov", "Pemerintah Provinsi Jawa Timur")):
        packages = [
            a_record(
                f"{year}{n}", fiscal_years=[year], institution_name=buyer, bidders=1 + n % 3,
                awards=[an_award(f"CV Contoh {n}", contract_value=Decimal(800000 + n))],
                announced_at=datetime(year, 1 + n % 12, 3, 4, tzinfo=UTC), awarded_at=datetime(year, 1 + n % 12, 20, 4, tzinfo=UTC),
            )
            for year in (2024, 2025)
            for n in range(12)
        ]  # fmt: skip
        await (await door_of(database, slug)).record(*packages)

    answers = [await client.get(request) for request in REQUESTS]

    assert len(REQUESTS) == 6
    assert {answer.status_code for answer in answers} == {200}
    years, league, places, regions, months, competition = (answer.json() for answer in answers)
    assert [(item["fiscal_year"], item["previous"] and item["previous"]["packages"]) for item in years["items"]] == [
        (2024, None), (2025, 24),
    ]  # fmt: skip
    assert league["items"] or league["not_ranked"]
    codes = {region["code"] for region in regions["items"]} | {"35"}
    assert {item["region"] for item in places["items"]} == {"35", "35.78"} <= codes
    assert [item["month"] for item in months["items"]] == [f"2025-{month:02}" for month in range(1, 13)]
    assert all(item["previous"]["packages"] == 2 for item in months["items"])
    assert {item["suppliers"]["distinct"] for item in competition["items"]} == {12}
