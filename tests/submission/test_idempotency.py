"""The same request twice has one effect and one answer."""

import asyncio

from sqlalchemy import text

from tests.submission.conftest import a_row


async def count(database, query):
    async with database.reading() as session:
        return await session.scalar(text(query))


async def test_a_repeated_key_is_answered_to_the_byte(sender, database):
    key = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}
    first = await sender.push(a_row(), headers=key)
    await sender.push(a_row(pagu=5))

    again = await sender.push(a_row(), headers=key)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert await count(database, "SELECT count(*) FROM submissions") == 2


async def test_a_key_for_another_body_or_other_parameters_is_refused(sender, packages):
    key = {"Idempotency-Key": "kunci-contoh"}
    await sender.push(a_row(), headers=key)

    answers = [await sender.push(a_row(pagu=1), headers=key), await sender.push(a_row(), headers=key, fiscal_year=2025)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "idempotency-key-reused")] * 2
    assert (await packages())["9001"]["pagu"] == "1000.00"


async def test_a_key_belongs_to_its_caller(sender, client, province_key, database):
    key = {"Idempotency-Key": "kunci-contoh"}
    await sender.push(a_row(), headers=key)

    other = await sender.push(a_row(pagu=7), headers={**key, "Authorization": f"Bearer {province_key}"})

    assert other.status_code == 201
    assert await count(database, "SELECT count(*) FROM idempotency_keys") == 2


async def test_fifty_at_once_have_one_effect(sender, database):
    key = {"Idempotency-Key": "badai-contoh"}

    answers = await asyncio.gather(*(sender.push(a_row(), headers=key) for _ in range(50)))

    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert all(answer.json()["code"] == "request-in-flight" for answer in answers if answer.status_code == 409)
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 409)
    assert await count(database, "SELECT count(*) FROM submissions") == 1
    assert await count(database, "SELECT count(*) FROM package_versions") == 1


async def test_the_same_bytes_at_once_without_a_key_are_one(sender, database):
    first = await sender.push(a_row())

    again = await sender.push(a_row())

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(database, "SELECT count(*) FROM submissions") == 1


async def test_the_first_word_again_after_another_is_meant_anew(sender, packages):
    await sender.push(a_row(pagu=1000))
    await sender.push(a_row(pagu=2000))

    again = await sender.push(a_row(pagu=1000))

    assert (again.status_code, again.json()["counts"]["changed"]) == (201, 1)
    assert (await packages())["9001"]["pagu"] == "1000.00"


async def test_a_refused_body_is_remembered_by_its_key_too(sender, database):
    key = {"Idempotency-Key": "rusak-contoh"}
    first = await sender.push(body=b"[{", content_type="application/json", headers=key)

    again = await sender.push(body=b"[{", content_type="application/json", headers=key)

    assert (first.status_code, again.status_code, again.content) == (422, 422, first.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert await count(database, "SELECT count(*) FROM submissions") == 1


async def test_a_dry_run_takes_no_key(sender, packages):
    key = {"Idempotency-Key": "coba-contoh"}
    tried = await sender.push(a_row(), headers=key, dry_run="true")

    done = await sender.push(a_row(), headers=key)
    tried_again = await sender.push(a_row(pagu=5), headers=key, dry_run="true")

    assert (tried.status_code, done.status_code, tried_again.status_code) == (200, 201, 200)
    assert (await packages())["9001"]["pagu"] == "1000.00"
