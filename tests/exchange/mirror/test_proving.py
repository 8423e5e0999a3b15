"""A copy that is not equal says where; one whose hub was restored from a backup is not touched until somebody says so."""

import hashlib
import uuid

import pytest

from app.exchange.mirror.hub import FollowedHub
from tests.conftest import NOW
from tests.exchange.mirror.conftest import Target, a_hub, an_empty_database, mirrored
from tests.records import execute, minutes


@pytest.fixture
def copied(hub, target, mirror):
    assert mirror(hub)[0] == 0
    return target


def place_of(target, code):
    return target.value("SELECT max(place) FROM mirror.changes WHERE key = %s", f"surabaya/tender/{code}")


def test_a_whole_copy_is_proved_line_by_line(hub, copied, mirror):
    code, said = mirror(hub, "--verify")

    assert (code, said["equal"], said["new"]) == (0, True, 0)


def test_a_line_that_was_altered_is_found(hub, copied, mirror):
    place = place_of(copied, 1010)
    copied.rows("UPDATE mirror.changes SET item = replace(item, '1010', '1011') WHERE place = %s", place)

    code, said = mirror(hub, "--verify")

    assert (code, said["equal"], said["difference"]["place"]) == (1, False, place)
    assert said["difference"]["thing"] == "package surabaya/tender/1010"


def test_a_line_that_was_altered_with_all_hashes_beside_it_is_found_by_the_hubs_own_word(hub, copied, mirror):
    place = place_of(copied, 1010)
    copied.rows("UPDATE mirror.changes SET item = replace(item, 'Pekerjaan', 'Pengadaan') WHERE place = %s", place)
    copied.rows("UPDATE mirror.changes SET sha256 = sha256(convert_to(item, 'UTF8')) WHERE place = %s", place)
    copied.rows("UPDATE mirror.packages SET document = (SELECT item::jsonb -> 'package' FROM mirror.changes c WHERE c.place = packages.place)")  # fmt: skip
    digest = bytes(32)
    for (one,) in copied.rows("SELECT sha256 FROM mirror.changes ORDER BY place"):
        digest = hashlib.sha256(digest + one).digest()
    copied.rows("UPDATE mirror.about SET digest = %s", digest)

    code, said = mirror(hub, "--verify")

    assert (code, said["difference"]["place"]) == (1, place)
    assert said["difference"]["what"] == "the hub sends something else"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM mirror.changes WHERE place = 40", "the copy's log has"),
        ("UPDATE mirror.about SET digest = sha256('')", "no longer hashes"),
        ("DELETE FROM mirror.packages WHERE code = '1010'", "“packages”"),
        ("UPDATE mirror.packages SET document = document || '{\"pagu\": 1}' WHERE code = '1010'", "“packages”"),
        ("UPDATE mirror.packages SET code = '9999' WHERE code = '1010'", "“packages”"),
        ("UPDATE mirror.nodes SET op = 'retired' WHERE slug = 'surabaya'", "“nodes”"),
    ],
)
def test_whatever_is_altered_in_a_copy_is_found(hub, copied, mirror, change, what):
    copied.rows(change)

    code, said = mirror(hub, "--verify")

    assert (code, said["equal"]) == (1, False)
    assert what in said["difference"]["what"]


def test_a_copy_that_is_not_equal_is_made_anew_when_it_is_asked_for(hub, copied, mirror):
    copied.rows("UPDATE mirror.changes SET sha256 = sha256('') WHERE place = 40")
    copied.rows("UPDATE mirror.about SET proved_count = 0, proved_digest = decode(repeat('00', 32), 'hex')")
    assert mirror(hub)[0] == 1

    code, said = mirror(hub, "--resync")

    assert (code, said["equal"]) == (0, True)
    assert mirror(hub, "--verify")[0] == 0


def test_a_copy_without_a_checkpoint_to_hold_it_against_is_merely_up_to_date(server, template, mirror):
    name = _clone(server, template)
    with a_hub(server.urls(name)) as fresh:
        assert mirror(fresh)[1]["equal"] is None
        assert mirror(fresh, "--verify")[:1] == (0,)
    server.drop(name)


def test_nothing_can_be_verified_where_there_is_no_copy(hub, mirror):
    code, said = mirror(hub, "--verify")

    assert code == 3
    assert "There is no copy" in said


# --- A hub that was restored from a backup


def _clone(server, source):
    name = f"rakor_test_{uuid.uuid4().hex[:12]}"
    server.command(f"CREATE DATABASE {name} TEMPLATE {source}")
    return name


@pytest.fixture(scope="module")
def backed_up(server, template):
    """A hub that was put back to before package 3001 and the second version of 3000; and a copy of what it was before."""
    live, copied = _clone(server, template), f"rakor_copy_{uuid.uuid4().hex[:12]}"
    with a_hub(server.urls(live)) as hub:
        hub.record(3000)
    backup = _clone(server, live)
    server.command(f"CREATE DATABASE {copied}")
    with a_hub(server.urls(live)) as hub:
        hub.record(3000, name="Versi kedua", now=NOW + minutes(1))
        hub.record(3001)
        code, said = mirrored(hub, Target(server.urls(copied).owner))
        assert code == 0, said
    with a_hub(server.urls(backup)) as hub:
        hub.record(3002)
        hub.reckon()
        yield hub, copied
    for name in (live, backup, copied):
        server.drop(name)


@pytest.fixture
def target(request, server):
    """An empty database; for tests of a hub that was restored, the copy of what it was before."""
    if "restored" not in request.fixturenames:
        yield from an_empty_database(server)
        return
    hub, copied = request.getfixturevalue("backed_up")
    target = Target(server.urls(_clone(server, copied)).owner)
    # The address of a hub is the same after as before; here it is another port.
    target.rows("UPDATE mirror.about SET hub = %s", hub.root)
    yield target
    server.drop(target.name)


@pytest.fixture
def restored(backed_up, target):
    return backed_up[0]


def test_a_restored_hub_is_noticed_and_the_copy_left_alone(restored, target, mirror):
    before = target.everything()

    for options in ((), ("--verify",)):
        code, said = mirror(restored, *options)
        assert (code, said["restarted"], said["equal"]) == (4, True, False)
    assert target.everything() == before


def test_a_restored_hub_is_copied_anew_and_what_it_lost_is_kept(restored, target, mirror):
    target.rows("CREATE VIEW public.mine AS SELECT code FROM mirror.packages")

    code, said = mirror(restored, "--resync")

    assert (code, said["equal"], said["restarted"]) == (0, True, True)
    assert said["vanished"] == {"changes": 2, "things": 1, "first": ["package surabaya/tender/3001"]}
    assert target.rows("SELECT key, version FROM mirror.lost ORDER BY place") == [
        ("surabaya/tender/3000", 2), ("surabaya/tender/3001", 1),
    ]  # fmt: skip
    assert target.rows("SELECT code FROM public.mine ORDER BY 1") == [("3000",), ("3002",)]
    assert target.value("SELECT version FROM mirror.packages WHERE code = '3000'") == 1
    assert target.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'mirror_next'") == 0
    assert mirror(restored, "--verify")[0] == 0


def test_a_restored_hub_whose_copying_is_broken_off_is_copied_on_the_next_time(restored, target, mirror, monkeypatch):
    before = target.everything()
    pages = []

    def breaking(self, *arguments, **named):
        pages.append(arguments)
        if len(pages) == 4:
            raise KeyboardInterrupt
        return whole(self, *arguments, **named)

    with monkeypatch.context() as broken:
        whole = FollowedHub.page
        broken.setattr(FollowedHub, "page", breaking)
        broken.setattr("app.exchange.mirror.following._Ahead", _Behind)
        assert mirror(restored, "--resync", "--page-size", "20")[0] == 130
    assert target.everything() == before
    assert target.value("SELECT count(*) FROM mirror_next.changes") > 0

    code, said = mirror(restored, "--resync")

    assert (code, said["equal"]) == (0, True)
    assert said["changes"] > said["new"] > 0


class _Behind:
    """The next page, asked for when it is wanted."""

    def __init__(self, hub, after):
        self.result = lambda: hub.page(after)


def test_an_empty_hub_does_not_take_the_place_of_a_whole_copy(restored, target, mirror):
    before = target.everything()

    async def forget(database):
        await execute(database, "DELETE FROM changes")

    restored.do(forget)

    code, said = mirror(restored, "--resync")

    assert code == 2
    assert "no changes at all" in said
    assert target.everything() == before


def test_another_hub_is_not_taken_for_the_one_that_was_copied(server, template, hub, target, mirror):
    mirror(hub)
    name = _clone(server, template)
    with a_hub(server.urls(name)) as other:
        code, said = mirror(other, "--resync")
    server.drop(name)

    # Both hubs are clones of one register: the other knows no place behind it.
    assert code == 2
    assert "holds a copy of" in said
