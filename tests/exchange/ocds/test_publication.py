"""Who publishes is a matter of settings; what is published is complete whoever writes meanwhile."""

import asyncio

import httpx
import pytest
from pydantic import ValidationError

from app.main import create_app
from app.procurement.service import record_packages
from app.settings import Settings
from tests.conftest import NOW
from tests.exchange.ocds.packages import FULL
from tests.records import BANJARMASIN, a_sketch, door_of

RELEASES = "/api/v1/ocds/releases"


async def test_a_publisher_has_a_prefix_a_name_a_licence_and_an_address(settings, door):
    await door.record(a_sketch("1", **FULL))
    changes = {
        "ocds_prefix": "ocds-abc123",
        "publisher": "Biro Pengadaan Contoh",
        "publisher_url": "https://biro.contoh.go.id",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "public_url": "https://rakor.contoh.go.id/",
    }
    app = create_app(settings.model_copy(update=changes))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        page = (await client.get(RELEASES, params={"limit": 1})).json()
        record = await client.get("/api/v1/ocds/records/ocds-abc123-surabaya.tender.1")
        unknown = await client.get("/api/v1/ocds/records/ocds-000000-surabaya.tender.1")

    assert page["publisher"] == {"name": "Biro Pengadaan Contoh", "uri": "https://biro.contoh.go.id"}
    assert page["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert page["uri"] == f"https://rakor.contoh.go.id{RELEASES}?limit=1"
    assert page["releases"][0]["ocid"] == "ocds-abc123-surabaya.tender.1"
    assert page["extensions"][0].startswith("https://rakor.contoh.go.id/api/v1/ocds/extensions/")
    assert (record.status_code, unknown.status_code) == (200, 404)


@pytest.mark.parametrize("prefix", ["", "ocds-", "ocds-ABC123", "ocds-abc1234", "abc123", "ocds-abc12\n"])
def test_a_prefix_has_the_form_that_the_ocp_gives_out(prefix):
    with pytest.raises(ValidationError):
        Settings(_env_file=None, ocds_prefix=prefix)


async def test_nothing_is_shown_that_could_be_preceded_by_what_is_still_being_written(client, database, door):
    other = await door_of(database, BANJARMASIN)
    async with door.writing() as session:
        await record_packages(session, door.sender, [a_sketch("1")], now=NOW)
        await asyncio.wait_for(other.record(a_sketch("2")), 30)
        meanwhile = (await client.get(RELEASES)).json()["releases"]
    after = (await client.get(RELEASES)).json()["releases"]

    assert meanwhile == []
    assert [release["ocid"][-1] for release in after] == ["1", "2"]
