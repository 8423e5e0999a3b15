"""Who is asking: keys are secrets shown once, and every other word in their place is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.access.errors import KeyInvalid
from app.access.service import PREFIX, Role, create_key, identify_caller
from app.kit.clock import utc_now
from tests.conftest import NOW

UNUSABLE = [
    b"Bearer", b"Bearer ", b"Bearer rakor_", b"Bearer rakor_x", b"bearer rakor_x", b"Basic cmFrb3I6cmFrb3I=", b"rakor_x", b"Bearer \xff\xfe",
    b"Bearer rakor_\xff", "Bearer rakor_é🏛".encode(), b"Bearer rakor_" + b"x" * 100_000, b"Bearer null", b"Bearer ' OR 1=1 --", b",", b"Bearer,Bearer",
]  # fmt: skip
WRITES = [
    ("POST", "/api/v1/nodes", {"slug": "contoh", "name": "LPSE Contoh"}),
    ("PATCH", "/api/v1/nodes/surabaya", {"name": "LPSE Contoh"}),
    ("DELETE", "/api/v1/nodes/surabaya", None),
    ("POST", "/api/v1/nodes/surabaya/runs", {"fiscal_year": 2025}),
    ("POST", "/api/v1/run-batches", {"province": "35"}),
    ("GET", "/api/v1/observations/1/answers/pengumuman", None),
]


async def make(database, **fields):
    async with database.transaction() as session:
        return await create_key(session, role=Role.PROVINCE, name="contoh", now=NOW, **fields)


async def test_only_a_hash_of_the_key_is_kept(database):
    secret = await make(database)

    async with database.reading() as session:
        (row,) = (await session.execute(text("SELECT * FROM access_keys"))).all()
    assert secret.startswith(PREFIX)
    assert len(secret) > 45
    assert len(row.secret_hash) == 32
    assert secret not in str(row)
    assert secret.removeprefix(PREFIX).encode() not in bytes(row.secret_hash)


async def test_no_two_keys_are_alike(database):
    assert await make(database) != await make(database)


async def test_a_key_names_its_caller(database):
    secret = await make(database)

    async with database.reading() as session:
        caller = await identify_caller(session, secret, now=NOW)
    assert (caller.name, caller.role) == ("contoh", Role.PROVINCE)


async def test_a_key_ends_at_its_moment(database):
    secret = await make(database, expires_at=NOW + timedelta(days=1))

    async with database.reading() as session:
        assert await identify_caller(session, secret, now=NOW + timedelta(hours=23))
        with pytest.raises(KeyInvalid):
            await identify_caller(session, secret, now=NOW + timedelta(days=1))


async def test_a_key_is_known_by_all_of_it(database):
    secret = await make(database)

    async with database.reading() as session:
        for wrong in (
            "",
            secret[:-1],
            secret + "a",
            secret.upper(),
            secret.removeprefix(PREFIX),
            f" {secret}",
            f"{secret}\0",
        ):
            with pytest.raises(KeyInvalid):
                await identify_caller(session, wrong, now=NOW)


async def test_a_write_without_a_key_is_refused_and_told_how(client):
    for method, path, body in WRITES:
        answer = await client.request(method, path, json=body)

        assert (answer.status_code, answer.json()["code"]) == (401, "key-required"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_what_is_no_key_is_refused(client):
    for word in UNUSABLE:
        answer = await client.delete("/api/v1/nodes/surabaya", headers=[(b"authorization", word)])

        assert (answer.status_code, answer.json()["code"]) == (401, "key-invalid"), word[:40]
        assert "www-authenticate" in answer.headers

    assert (await client.get("/api/v1/nodes/surabaya")).json()["state"] == "active"


async def test_an_expired_key_and_a_revoked_one_open_nothing(client, database):
    expired = await make(database, expires_at=utc_now() - timedelta(seconds=1))
    revoked = await make(database)
    good = await make(database, expires_at=utc_now() + timedelta(hours=1))
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE access_keys SET revoked_at = now() WHERE secret_hash = sha256(convert_to(:secret, 'UTF8'))"),
            {"secret": revoked},
        )

    for secret, status in ((expired, 401), (revoked, 401), (good, 200)):
        for method, path, body in WRITES if status == 401 else WRITES[1:2]:
            answer = await client.request(method, path, json=body, headers={"Authorization": f"Bearer {secret}"})
            assert answer.status_code == status, path


async def test_a_key_is_taken_whatever_case_its_scheme_is_written_in(client, province_key):
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = await client.patch(
            "/api/v1/nodes/surabaya", json={}, headers={"Authorization": f"{scheme} {province_key}"}
        )
        assert answer.status_code == 200


async def test_a_key_in_the_address_is_not_a_key(client, province_key):
    answer = await client.request("DELETE", f"/api/v1/nodes/surabaya?key={province_key}")

    assert answer.status_code in {401, 422}
    assert (await client.get("/api/v1/nodes/surabaya")).json()["state"] == "active"


async def test_reads_do_not_look_at_keys(client):
    answer = await client.get("/api/v1/nodes?limit=1", headers={"Authorization": "Bearer rakor_tidak_dikenal"})

    assert answer.status_code == 200


async def test_the_unknown_are_not_told_what_a_valid_body_is(client):
    answer = await client.post("/api/v1/nodes", json={"slug": "SALAH"})

    assert (answer.status_code, answer.json()["code"]) == (401, "key-required")
