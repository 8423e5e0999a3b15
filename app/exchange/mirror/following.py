"""Following a hub: page after page into the copy, to the end or for ever; and beginning anew where the hub did."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from app.exchange.mirror.hub import WAIT_SECONDS, FeedRestarted, FollowedHub
from app.exchange.mirror.keeping import Copy, MirrorUnusable, Place
from app.exchange.mirror.pages import Page
from app.exchange.mirror.schema import BESIDE, TABLES

_RESTARTS = 3
_NAMED = 20


@dataclass(slots=True)
class Journey:
    """What following came to: how many changes were new, and which epochs of the hub they were of."""

    new: int = 0
    epochs: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vanished:
    """What a restored hub no longer has: changes, and things that are not there any more at all (the first few by name)."""

    changes: int
    things: int
    first: tuple[str, ...]


def catch_up(
    copy: Copy, hub: FollowedHub, journey: Journey, *, wait: int = 0, progress: Callable[[int], None] = lambda _: None
) -> Place:
    """Bring the copy to the end of the feed, waiting so many seconds for the first news. Raises FeedRestarted.

    The next page is on its way while one is kept.
    """
    place = copy.place()
    page = hub.page(place.cursor, wait=wait)
    while True:
        ahead = _Ahead(hub, page.next) if page.more else None
        if page.items:
            place = copy.keep(place, page.items)
            journey.new += len(page.items)
            journey.epochs = sorted({*journey.epochs, *(item.numbers[0] for item in page.items)})
            progress(place.count)
        if ahead is None:
            return place
        page = ahead.result()


class _Ahead:
    """The next page, asked for beside what is being done. Whoever is told to stop need not wait for it."""

    def __init__(self, hub: FollowedHub, after: str) -> None:
        self._outcome: Page | Exception | None = None
        self._thread = Thread(target=self._ask, args=(hub, after), name="mirror-page", daemon=True)
        self._thread.start()

    def _ask(self, hub: FollowedHub, after: str) -> None:
        try:
            self._outcome = hub.page(after)
        except Exception as error:  # noqa: BLE001 (raised where it is waited for)
            self._outcome = error

    def result(self) -> Page:
        self._thread.join()
        if isinstance(self._outcome, Page):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome


def follow(
    copy: Copy, hub: FollowedHub, journey: Journey, *, on_end: Callable[[Place], bool], progress: Callable[[int], None]
) -> None:
    """Follow until `on_end`, which hears of every end that is reached, says that it is enough."""
    wait = 0
    while on_end(catch_up(copy, hub, journey, wait=wait, progress=progress)):
        wait = WAIT_SECONDS


def begin_anew(
    copy: Copy, hub: FollowedHub, url: str, journey: Journey, *, progress: Callable[[int], None] = lambda _: None
) -> Vanished:
    """Copy the hub from its first change on beside the old copy, and put it in its place at once when it is whole.

    Until then, and if this is broken off, the old copy stays as it is; what grew beside it is carried on the next time.
    What the hub no longer has is kept in the table `lost`.
    """
    beside = Copy(copy.connection, BESIDE)
    for attempt in range(1, _RESTARTS + 1):
        beside.begin(url)
        try:
            catch_up(beside, hub, journey, progress=progress)
            break
        except FeedRestarted:
            if attempt == _RESTARTS:
                raise
            beside.forget()
    if copy.place().count and not beside.place().count:
        raise MirrorUnusable("The hub has no changes at all. A whole copy is not given up for an empty one.")
    return _exchange(copy, beside)


def _exchange(copy: Copy, beside: Copy) -> Vanished:
    """The tables stay those that people have asked, and were allowed to ask, all along; what stands in them changes at once."""
    old, new = copy.schema, beside.schema
    with copy.connection.transaction():
        run = copy.connection.execute
        lost = run(
            f"INSERT INTO {old}.lost SELECT o.*, now() FROM {old}.changes o "  # noqa: S608 (constants of this feature)
            f"WHERE NOT EXISTS (SELECT FROM {new}.changes n WHERE n.sha256 = o.sha256)".encode()
        ).rowcount
        things = run(
            f"SELECT DISTINCT o.entity || ' ' || o.key FROM {old}.lost o WHERE o.noticed_at = now() AND NOT EXISTS "  # noqa: S608
            f"(SELECT FROM {new}.changes n WHERE n.entity = o.entity AND n.key = o.key) ORDER BY 1".encode()
        ).fetchall()
        for table in TABLES:
            columns = ", ".join(
                row[0]
                for row in run(
                    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
                    "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                    [f"{old}.{table}"],
                )
            )
            run(f"TRUNCATE {old}.{table}".encode())
            run(f"INSERT INTO {old}.{table} ({columns}) SELECT {columns} FROM {new}.{table}".encode())  # noqa: S608
        moved = run(
            f"UPDATE {old}.about o SET (hub, cursor, epoch, count, digest, kept_at, proved_count, proved_digest, proved_at) "  # noqa: S608
            f"= (SELECT n.hub, n.cursor, n.epoch, n.count, n.digest, n.kept_at, 0, decode(repeat('00', 32), 'hex'), NULL::timestamptz "
            f"FROM {new}.about n)".encode()
        ).rowcount
        if moved != 1:
            raise MirrorUnusable("The copy that was to be replaced is gone.")
        run(f"DROP SCHEMA {new} CASCADE".encode())
    return Vanished(lost, len(things), tuple(row[0] for row in things[:_NAMED]))
