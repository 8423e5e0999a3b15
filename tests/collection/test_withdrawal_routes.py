"""A list that shrank waits for a person: what would go, the decision, the trail of it, and its undoing over HTTP."""

import pytest

from app.access.audit import verify_trail
from app.adapters.catalogue import ADAPTERS
from app.core.vocabulary import Interface, PackageKind
from app.statistics.verification import verify_figures
from tests.collection.fakes import FakeAdapter, row
from tests.collection.road import SLUG, a_world, truth

LACKING = 5
REASON = {"reason": "Paket dihapus oleh LPSE, surat no. 1/contoh"}


@pytest.fixture
def world():
    """A small one: what counts here is who is in the list."""
    return a_world(
        tenders=(LACKING + 1, LACKING + 1), non_tenders=(1, 1), recorded=(0, 0), self_managed=(0, 0), emergency=(0, 0)
    )


@pytest.fixture
async def shrunk(road, world):
    """A run whose list of tenders lacks all but one."""
    await road.collect()
    for package in list(world.listed(SLUG, 2025, "tender"))[1:]:
        world.withdraw(SLUG, "tender", package.code)
    return await road.collect()


@pytest.fixture
def path(shrunk):
    return f"/api/v1/runs/{shrunk.id}/withdrawal"


async def withdrawn(road):
    return {code for (code,) in await road.rows("SELECT code FROM packages WHERE withdrawn")}


async def agree(road):
    async with road.database.reading() as session:
        assert (await verify_figures(session)).differences == ()
        assert (await verify_trail(session)).first_broken is None
    return True


async def test_a_shrunken_list_waits_however_often_it_is_read(road, shrunk):
    again = [await road.collect() for _ in range(3)]

    assert [run.state for run in (shrunk, *again)] == ["incomplete"] * 4
    assert await withdrawn(road) == set()
    [problem] = [found for found in await road.problems(again[-1]) if found.code == "list-shrunk"]
    assert problem.value == f"{LACKING} / {LACKING + 1}"


async def test_everybody_may_look_but_only_the_province_decides(client, shrunk, path):
    assert (await client.get(path)).json()["packages"] == LACKING
    for method in ("POST", "DELETE"):
        for headers in ({}, {"Authorization": "Bearer rakor_nobody"}):
            refused = await client.request(method, path, headers=headers, json=REASON if method == "POST" else None)
            assert refused.status_code == 401, method


async def test_what_would_go_is_shown_and_a_dry_run_changes_nothing(keeper, road, shrunk, path):
    preview = (await keeper.get(path)).json()
    dry = (await keeper.post(path, json={**REASON, "dry_run": True})).json()

    assert dry == preview
    assert (preview["run"], preview["dry_run"], preview["packages"], preview["withdrawn"]) == (
        shrunk.id,
        True,
        LACKING,
        0,
    )
    assert len(preview["sample"]) == LACKING
    assert preview["decided_at"] is None
    assert await withdrawn(road) == set()
    assert await road.scalar("SELECT count(*) FROM audit_entries") == 0


async def test_a_confirmed_withdrawal_is_done_audited_and_the_node_goes_on(keeper, road, world, shrunk, path):
    preview = (await keeper.get(path)).json()
    before = (await keeper.get(f"/api/v1/runs/{shrunk.id}")).headers["last-modified"]

    done = (await keeper.post(path, json=REASON)).json()

    known = await keeper.get(f"/api/v1/runs/{shrunk.id}", headers={"If-Modified-Since": before})
    assert known.status_code == 200  # the decision changed what is said of it
    assert (done["packages"], done["withdrawn"], done["dry_run"]) == (LACKING, LACKING, False)
    assert await withdrawn(road) == {item["code"] for item in preview["sample"]}
    assert (await keeper.get(f"/api/v1/runs/{shrunk.id}")).json()["counts"]["withdrawn"] == LACKING
    [(act, subject, details, key)] = await road.rows(
        "SELECT act, subject, details, key_id IS NOT NULL FROM audit_entries"
    )
    assert (act, subject, key) == ("withdrawal.confirmed", f"run {shrunk.id}", True)
    assert (details["reason"], details["packages"], details["node"]) == (REASON["reason"], LACKING, SLUG)
    following = await road.collect()
    assert (following.state, following.withdrawn) == ("completed", 0)
    assert await road.figures() == truth(world)
    assert await agree(road)


async def test_a_decision_is_made_once(keeper, road, path):
    await keeper.post(path, json=REASON)

    again = await keeper.post(path, json=REASON)

    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-withdraw")
    assert await road.scalar("SELECT count(*) FROM audit_entries") == 1


async def test_an_undone_withdrawal_leaves_everything_as_it_was(keeper, road, shrunk, path):
    before = await road.figures()
    await keeper.post(path, json=REASON)
    assert await road.figures() != before

    undone = await keeper.delete(path)

    assert (undone.status_code, undone.json()["withdrawn"]) == (200, LACKING)
    assert await withdrawn(road) == set()
    assert await road.figures() == before
    assert await road.rows("SELECT act FROM audit_entries ORDER BY id") == [
        ("withdrawal.confirmed",), ("withdrawal.undone",),
    ]  # fmt: skip
    assert (await keeper.get(f"/api/v1/runs/{shrunk.id}")).json()["counts"]["withdrawn"] == 0
    assert await agree(road)
    # The list is as short as before: it waits for a person again.
    assert (await road.collect()).state == "incomplete"


async def test_there_is_nothing_to_undo_twice_or_before(keeper, path):
    assert (await keeper.delete(path)).json()["code"] == "withdrawal-not-found"
    await keeper.post(path, json=REASON)
    assert (await keeper.delete(path)).status_code == 200

    again = await keeper.delete(path)

    assert (again.status_code, again.json()["code"]) == (404, "withdrawal-not-found")


async def test_undoing_leaves_alone_what_happened_since(keeper, road, world, path):
    """One package came back and vanished again for good: its later end is not undone with the old decision."""
    gone = (await keeper.get(path)).json()["sample"][0]["code"]
    await keeper.post(path, json=REASON)
    package = world.listed(SLUG, 2025, "tender")[0]
    world.add(type(package)(**{**_fields(package), "code": gone, "name": "Paket yang kembali (simulasi)"}))
    assert (await road.collect()).changed == 1
    world.withdraw(SLUG, "tender", gone)
    latest = await road.collect()  # one of two is a shrink again
    assert latest.state in {"completed", "incomplete"}

    restored = (await keeper.delete(path)).json()["withdrawn"]

    assert restored == LACKING - 1


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "x"}, {"reason": "     "}, {"reason": None}, {"reason": "abc\u0000def"}, []]
)
async def test_a_decision_without_a_reason_is_refused(keeper, road, path, body):
    assert (await keeper.post(path, json=body)).status_code == 422

    assert await withdrawn(road) == set()


async def test_a_run_that_never_was_has_nothing_to_decide(keeper):
    for method, body in (("GET", None), ("POST", REASON), ("DELETE", None)):
        answer = await keeper.request(method, "/api/v1/runs/999999/withdrawal", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "run-not-found")


async def test_what_later_runs_show_again_is_not_decided_on(keeper, road, world, path):
    gone = (await keeper.get(path)).json()["sample"][0]["code"]
    package = world.listed(SLUG, 2025, "tender")[0]
    world.add(type(package)(**{**_fields(package), "code": gone}))
    latest = await road.collect()

    assert (await keeper.get(path)).json()["packages"] == 0
    assert (await keeper.post(path, json=REASON)).json()["code"] == "nothing-to-withdraw"
    newer = (await keeper.get(f"/api/v1/runs/{latest.id}/withdrawal")).json()
    assert newer["packages"] == LACKING - 1
    assert gone not in {item["code"] for item in newer["sample"]}


async def test_a_package_that_another_years_list_shows_leaves_this_years_list_only(keeper, road, monkeypatch):
    adapter = FakeAdapter(Interface.SPSE, kinds=[PackageKind.TENDER], joins=False)
    monkeypatch.setitem(ADAPTERS, Interface.SPSE, adapter)
    both = row("1", fiscal_years=[2024, 2025])
    adapter.show([both], year=2024)
    adapter.show([both, *(row(str(number)) for number in range(2, 6))], year=2025)
    await road.collect(year=2024)
    await road.collect(year=2025)
    adapter.show([row("5")], year=2025)
    run = await road.collect(year=2025)
    path = f"/api/v1/runs/{run.id}/withdrawal"

    done = (await keeper.post(path, json=REASON)).json()

    assert (done["packages"], done["withdrawn"]) == (4, 3)
    assert await withdrawn(road) == {"2", "3", "4"}
    assert (await road.collect(year=2025)).state == "completed"
    assert (await road.collect(year=2024)).state == "completed"
    await keeper.delete(path)
    assert await withdrawn(road) == set()
    assert await road.rows("SELECT fiscal_years FROM sightings WHERE code = '1'") == [([2024, 2025],)]


def _fields(package):
    return {name: getattr(package, name) for name in package.__dataclass_fields__}
