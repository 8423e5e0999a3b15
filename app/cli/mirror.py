"""The verb by which anybody keeps a copy of a hub in a database of their own, and learns whether it is equal."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import psycopg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from app.cli.common import AsJSON, complain, err, honest_errors, hub_address, out, print_json, read_settings
from app.exchange.mirror.following import Journey, Vanished, begin_anew, catch_up, follow
from app.exchange.mirror.hub import MOST_ITEMS, FeedRestarted, FollowedHub
from app.exchange.mirror.keeping import Copy, MirrorUnusable, Place, connect, let_go
from app.exchange.mirror.pages import PageBroken
from app.exchange.mirror.proving import Proof, prove, prove_whole
from app.kit.http.named import TRIES, Hindrance, HubRefused, HubUnreachable
from app.kit.json import iso_utc
from app.kit.server import leave_servers, resolve_urls
from app.settings import Settings

EQUAL, DIFFERENT, USAGE, NOT_THERE, BEGAN_ANEW = 0, 1, 2, 3, 4
PROVE_EVERY_SECONDS = 60.0

_UNWILLING = (
    psycopg.OperationalError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
)
_HINDRANCES = {
    "no-connection": "The hub cannot be reached ({detail}).",
    "no-answer": "The hub did not answer in time.",
    "broken": "What came was broken ({detail}).",
    "busy": "The hub is busy ({detail}).",
    "no-hub": "What answers at that address is not a Rakor hub.",
    "points-elsewhere": "That address points to {detail}: name the hub's own address.",
    "certificate": "The hub's certificate cannot be trusted ({detail}).",
}


def mirror(
    url: Annotated[str, typer.Argument(help="Address of the hub, for example https://rakor.jatimprov.go.id.")],
    into: Annotated[
        str | None,
        typer.Option(
            metavar="POSTGRESQL-URL",
            help="Database that holds the copy, in its schema “mirror”. Default: rakor_mirror on the embedded server.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on for ever: what changes is there within a second or two.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Fetch nothing: check the whole copy, line by line and table by table.")
    ] = False,
    resync: Annotated[
        bool,
        typer.Option(
            "--resync",
            help="Where the hub was restored from a backup, or the copy is not equal: copy everything anew beside it, then "
            "exchange the two at once. What the hub no longer has is kept in mirror.lost.",
        ),
    ] = False,
    page_size: Annotated[int, typer.Option(min=1, max=5000, help="Changes fetched and kept at once.")] = MOST_ITEMS,
    as_json: AsJSON = False,
) -> None:
    """Keep a copy of a hub in another database by its change feed alone, and say whether it is equal.

    Stop it whenever you like, in any way: each page and the place behind it are kept in one transaction, and the next
    start goes on from there. Every version is in mirror.changes; what holds now in mirror.packages, mirror.awards,
    mirror.nodes, mirror.runs and mirror.reported_figures.

    Exit codes: 0 up to date and, as far as the hub has reckoned, equal; 1 not equal; 2 the command is not right as it
    stands; 3 the hub or the database is not there; 4 the hub was restored from a backup: the copy is left as it is.
    """
    if verify and (follow or resync):
        raise typer.BadParameter("checks what is there; leave --follow and --resync out", param_hint="--verify")
    settings = read_settings()
    address = hub_address(url, "URL").rstrip("/").removesuffix("/api/v1")
    with honest_errors(), _honest():
        try:
            connection = connect(into or _embedded(settings))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--into") from error
        tries = math.inf if follow else TRIES
        try:
            with FollowedHub(address, until=math.inf, say=_say(tries), tries=tries) as hub:
                hub.limit = page_size
                keeper = _Keeper(Copy(connection), hub, address, as_json=as_json)
                raise typer.Exit(_verify(keeper) if verify else _mirror(keeper, is_following=follow, may_resync=resync))
        finally:
            let_go(connection)
            leave_servers()


def _embedded(settings: Settings) -> str:
    """A database of the copy's own, beside that of a hub that may run here."""
    urls = resolve_urls(
        database_url=None,
        migration_url=None,
        data_dir=settings.data_dir,
        binaries=settings.pg_bin,
        database=f"{settings.database}_mirror",
    )
    return urls.owner


@dataclass(slots=True)
class _Keeper:
    """One copy and its hub, and what became of them."""

    copy: Copy
    hub: FollowedHub
    address: str
    as_json: bool
    journey: Journey = field(default_factory=Journey)
    vanished: Vanished | None = None
    proof: Proof | None = None
    proved_at: float = -math.inf

    def note(self, what: str, style: str = "yellow") -> None:
        err.print(Text(what, style=style), soft_wrap=True)


def _mirror(keeper: _Keeper, *, is_following: bool, may_resync: bool) -> int:
    copy, hub = keeper.copy, keeper.hub
    copy.begin(keeper.address)
    while True:
        before = copy.place()
        try:
            with _bar(hub, before) as progress:
                if is_following:
                    follow(copy, hub, keeper.journey, on_end=_watcher(keeper), progress=progress)
                else:
                    catch_up(copy, hub, keeper.journey, progress=progress)
        except KeyboardInterrupt:
            if not is_following:
                raise
            # Being stopped is how following ends; the hub, which may be what is missing, is not asked again.
            return _report(keeper)
        except FeedRestarted:
            if before.hub != keeper.address:
                raise MirrorUnusable(
                    f"The database holds a copy of {before.hub}, which {keeper.address} does not know: "
                    "name another database with --into."
                ) from None
            if not may_resync:
                return _began_anew(keeper, before)
            _resync(keeper, "The hub was restored from a backup.")
            continue
        if before.hub != keeper.address:
            copy.moved_to(keeper.address)
        keeper.proof = prove(copy, hub)
        if keeper.proof.equal is False and may_resync:
            may_resync = False
            _resync(keeper, _difference(keeper.proof))
            continue
        return _report(keeper)


def _watcher(keeper: _Keeper) -> Callable[[Place], bool]:
    """Hears of every end that a follower reaches: now and then the copy is held against the hub, and a difference ends it."""

    def on_end(_place: Place) -> bool:
        if time.monotonic() - keeper.proved_at < PROVE_EVERY_SECONDS:
            return True
        keeper.proof, keeper.proved_at = prove(keeper.copy, keeper.hub), time.monotonic()
        return keeper.proof.equal is not False

    return on_end


def _verify(keeper: _Keeper) -> int:
    copy = keeper.copy
    if not copy.exists() or not copy.place().count:
        complain("There is no copy", "Leave --verify out to make one.")
        return NOT_THERE
    place = copy.place()
    try:
        behind = keeper.hub.page(place.cursor)
    except FeedRestarted:
        return _began_anew(keeper, place)
    if behind.items:
        keeper.note(f"The hub has {'at least ' if behind.more else ''}{len(behind.items)} changes more than the copy.")
    keeper.proof = prove_whole(copy, keeper.hub)
    return _report(keeper)


def _resync(keeper: _Keeper, why: str) -> None:
    keeper.note(f"{why} Everything is copied anew; the old copy stays until that is done.")
    with _bar(keeper.hub, None) as progress:
        keeper.vanished = begin_anew(keeper.copy, keeper.hub, keeper.address, keeper.journey, progress=progress)
    if not keeper.as_json:
        shown = ", ".join(keeper.vanished.first)
        named = f": {shown}{' …' if keeper.vanished.things > len(keeper.vanished.first) else ''}" if shown else ""
        keeper.note(
            f"{keeper.vanished.changes:,} changes are no longer in the hub and are kept in {keeper.copy.schema}.lost; "
            f"{keeper.vanished.things:,} things are gone altogether{named}."
        )


def _began_anew(keeper: _Keeper, place: Place) -> int:
    if keeper.as_json:
        print_json(_told(keeper, place) | {"restarted": True, "equal": False})
    complain(
        "The hub was restored from a backup",
        f"It does not know change {place.count:,} of the copy any more. The copy is left as it is, with what the hub has lost: "
        "look at it first, then run the same command with --resync.",
    )
    return BEGAN_ANEW


def _report(keeper: _Keeper) -> int:
    place, proof = keeper.copy.place(), keeper.proof or Proof(None)
    if keeper.as_json:
        print_json(_told(keeper, place))
        return DIFFERENT if proof.equal is False else EQUAL
    out.print(
        Text(
            f"{place.count:,} changes of {keeper.address} are in {_database(keeper)}, {keeper.journey.new:,} of them new."
        ),
        soft_wrap=True,
    )
    if len(keeper.journey.epochs) > 1:
        keeper.note(f"The hub's database has moved: its feed went on to epoch {keeper.journey.epochs[-1]}.")
    if proof.equal is False:
        out.print(Text(_difference(proof), style="red"), soft_wrap=True)
        return DIFFERENT
    if proof.checkpoint is None:
        out.print(Text("Up to date. The hub has reckoned no checkpoint yet to hold the copy against."), soft_wrap=True)
    else:
        said = f"Equal: the first {proof.checkpoint.count:,} changes hash to what the hub says."
        out.print(Text(said, style="green"), soft_wrap=True)
    return EQUAL


def _difference(proof: Proof) -> str:
    assert proof.difference is not None
    found = proof.difference
    where = f" at change {found.place:,}" if found.place else ""
    return f"NOT EQUAL{where}{f' ({found.thing})' if found.thing else ''}: {found.what}."


def _told(keeper: _Keeper, place: Place) -> dict[str, Any]:
    proof = keeper.proof or Proof(None)
    checkpoint, difference, vanished = proof.checkpoint, proof.difference, keeper.vanished
    return {
        "hub": keeper.address,
        "database": _database(keeper),
        "changes": place.count,
        "new": keeper.journey.new,
        "cursor": place.cursor,
        "epoch": place.epoch,
        "epochs": keeper.journey.epochs,
        "digest": place.digest.hex(),
        "equal": proof.equal,
        "checkpoint": checkpoint
        and {"count": checkpoint.count, "cursor": checkpoint.cursor, "at": iso_utc(checkpoint.at)},
        "difference": difference and {"place": difference.place, "thing": difference.thing, "what": difference.what},
        "restarted": vanished is not None,
        "vanished": vanished
        and {"changes": vanished.changes, "things": vanished.things, "first": list(vanished.first)},
    }


def _database(keeper: _Keeper) -> str:
    info = keeper.copy.connection.info
    return f"{info.dbname} ({info.host or 'local'})"


def _say(tries: float) -> Callable[[Hindrance, int, float], None]:
    def say(hindrance: Hindrance, attempt: int, pause: float) -> None:
        of_all = f" of {tries:.0f}" if math.isfinite(tries) else ""
        err.print(
            Text(f"{_sentence(hindrance)} Try {attempt}{of_all} in {pause:.0f} s.", style="yellow"), soft_wrap=True
        )

    return say


def _sentence(hindrance: Hindrance) -> str:
    return _HINDRANCES[hindrance.word].format(detail=hindrance.detail)


@contextmanager
def _honest() -> Iterator[None]:
    """One line on what went wrong, and the exit code that says whose turn it is."""
    try:
        yield
    except HubRefused as refusal:
        complain("The hub refused", refusal.sentence("en"))
        raise typer.Exit(NOT_THERE) from refusal
    except HubUnreachable as failure:
        complain("The hub gave no usable answer", f"{_sentence(failure.hindrance)} Repeat the command at any time.")
        raise typer.Exit(NOT_THERE) from failure
    except PageBroken as broken:
        complain("The hub's feed cannot be believed", f"{broken}. Nothing of that page was kept.")
        raise typer.Exit(NOT_THERE) from broken
    except FeedRestarted as restarted:
        complain("The hub began its feed anew while it was read", "Repeat the command.")
        raise typer.Exit(BEGAN_ANEW) from restarted
    except MirrorUnusable as unusable:
        complain("The copy cannot be kept there", str(unusable))
        raise typer.Exit(USAGE) from unusable
    except _UNWILLING as error:
        reason = str(error).strip() or type(error).__name__
        complain("The database does not answer, or refuses", reason.splitlines()[0])
        raise typer.Exit(NOT_THERE) from error


@contextmanager
def _bar(hub: FollowedHub, before: Place | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, up to what the hub has last counted; nothing where nobody watches."""
    if not err.is_terminal:
        yield lambda _count: None
        return
    newest = hub.newest()
    columns = (TextColumn("Copying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task("", total=newest.count if newest else None, completed=before.count if before else 0)
        yield lambda count: shown.update(task, completed=count)
