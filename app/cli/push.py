"""The verb by which a person hands a file over to a hub, wherever the hub is."""

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit
from uuid import uuid4

import typer
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from app.cli import push_words as words
from app.cli.common import AsJSON, complain, err, hub_address, print_json, read_settings
from app.cli.push_rows import read_originals
from app.cli.push_words import Language, word
from app.cli.pushing import FileChanged, Hub, Shipment
from app.core.vocabulary import PackageKind
from app.kit.http.named import TRIES, Hindrance, HubRefused, HubUnreachable

ALL_TAKEN, SOME_REFUSED, USAGE, FAILED, NOT_ALLOWED, INTERRUPTED = 0, 1, 2, 3, 4, 130
MEDIA_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENCODINGS = {".gz": "gzip", ".zst": "zstd"}
REPORTS = (".xlsx", ".csv")
_SLUG = re.compile("[a-z0-9-]{1,63}")


def push(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="A spreadsheet (.xlsx), .csv, .json or .ndjson; also compressed (.gz, .zst).",
        ),
    ],
    node: Annotated[str, typer.Option(help="Slug of the node whose packages these are, for example surabaya.")],
    schema: Annotated[str, typer.Option(help="In which row schema the rows are written.")] = "rakor-package",
    fiscal_year: Annotated[int | None, typer.Option(min=2000, max=2100, help="Of rows that state none.")] = None,
    kind: Annotated[PackageKind | None, typer.Option(help="Of rows that state none.")] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Nothing of that fiscal year and kind is missing in the file.")
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD:HEADING", help="A column that has a heading of its own. Repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check; nothing is stored.")] = False,
    check_first: Annotated[
        bool, typer.Option("--check-first", help="Check, show what is wrong, and ask before anything is stored.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="After --check-first go on without asking.")] = False,
    url: Annotated[
        str | None, typer.Option(help="Address of the hub. Default: RAKOR_URL, else http://127.0.0.1:8000.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Better left out: RAKOR_KEY is used, or you are asked for it.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Save what is wrong to this .xlsx or .csv, row by row.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language of what you are told.")] = Language.INDONESIAN,
    timeout: Annotated[float, typer.Option(min=1, max=86400, help="Give up after so many seconds.")] = 3600,
    as_json: AsJSON = False,
) -> None:
    """Hand packages over to a hub, and say what became of every row.

    Repeating the command is safe: the same file is not recorded twice. A broken connection is tried again, six times.

    Exit codes: 0 every row was taken in (or would be), 1 some rows were refused, 2 the command is not right as it stands,
    3 the hub could not be reached or the submission failed, 4 the key is missing or may not do this.
    """
    settings = read_settings()
    address = hub_address(url or settings.url, "--url")
    shipment = _shipment(file, node, schema, fiscal_year, kind, complete=complete, columns=column or [])
    if report is not None and report.suffix.lower() not in REPORTS:
        _wrong("--report", "name a file that ends with .xlsx or .csv")
    secret = key or (settings.key.get_secret_value() if settings.key else None) or _ask_for_key()
    if urlsplit(address).scheme == "http" and urlsplit(address).hostname not in {"127.0.0.1", "localhost", "::1"}:
        err.print(Text(word("plain", lang, host=urlsplit(address).hostname), style="yellow"), soft_wrap=True)

    def say(hindrance: Hindrance, attempt: int, pause: float) -> None:
        again = word("try", lang, attempt=attempt, tries=TRIES, pause=f"{pause:.0f}")
        err.print(
            Text(f"{word(hindrance.word, lang, detail=hindrance.detail)} {again}", style="yellow"), soft_wrap=True
        )

    with _honest(lang, as_json=as_json), Hub(address, key=secret, until=time.monotonic() + timeout, say=say) as hub:
        sender = _Sender(hub, shipment, lang, report, as_json=as_json)
        if dry_run:
            raise typer.Exit(sender.end(sender.check()))
        if check_first:
            checked = sender.check()
            if not _goes_on(sender, checked, lang, yes=yes, as_json=as_json):
                raise typer.Exit(exit_code(checked))
        raise typer.Exit(sender.end(sender.send()))


class _Sender:
    """Hands one shipment over to one hub, with a bar for whoever watches."""

    def __init__(self, hub: Hub, shipment: Shipment, language: Language, report: Path | None, *, as_json: bool) -> None:
        self._hub = hub
        self._shipment = shipment
        self._language = language
        self._report = report
        self._as_json = as_json

    def check(self) -> dict[str, Any]:
        """What would become of the rows. A trial is never a repetition: the hub may know more by now."""
        trial = replace(self._shipment, parameters=(*self._shipment.parameters, ("dry_run", "true")))
        return self._hand_over(trial, uuid4().hex)[0]

    def send(self) -> dict[str, Any]:
        """Hand the file over; a repetition gets the receipt of the first time."""
        shipment = self._shipment
        receipt, is_replayed = self._hand_over(shipment, shipment.key())
        if not is_replayed:
            return receipt
        between = self._said_since(receipt)
        if between is not None:
            # Other data came in between, or the first attempt failed: now it is a statement of its own.
            return self._hand_over(shipment, shipment.key(after=between))[0]
        if not self._as_json:
            err.print(Text(word("replayed", self._language)), soft_wrap=True)
        return receipt

    def end(self, receipt: dict[str, Any]) -> int:
        """Show a receipt, save the report, and say by which exit code it ends."""
        # The receipt comes first: it holds whatever becomes of the report.
        if self._as_json:
            print_json(receipt)
        else:
            words.show_receipt(receipt, self._language)
            words.show_problems(receipt, self._language, report=self._report)
            words.show_verdict(receipt, self._language)
        self._save_report(receipt)
        return exit_code(receipt)

    def _hand_over(self, shipment: Shipment, key: str) -> tuple[dict[str, Any], bool]:
        try:
            with _bar(word("sending", self._language), DownloadColumn(), TimeRemainingColumn()) as progress:
                receipt, is_replayed = self._hub.push(shipment, key, progress)
        except HubRefused as refusal:
            # The receipt of a body that was kept, although it could not be read.
            kept = refusal.problem.get("submission")
            if not isinstance(kept, dict):
                raise
            return kept, False
        with _bar(word("working", self._language), MofNCompleteColumn(), TimeRemainingColumn()) as progress:
            return self._hub.follow(receipt, progress), is_replayed

    def _said_since(self, receipt: dict[str, Any]) -> int | None:
        """The node's last submission, where a replayed receipt is not it, or ended badly; None: it still stands."""
        real = [item for item in self._hub.last_submissions(self._shipment.node) if not item.get("dry_run")]
        last = real[0].get("id") if real else receipt["id"]
        return last if last != receipt["id"] or receipt["state"] == "failed" else None

    def _save_report(self, receipt: dict[str, Any]) -> None:
        number = int(receipt.get("problems") or 0)
        if self._report is None or not number:
            return
        if receipt.get("id") is not None:
            self._hub.save_report(receipt["id"], self._report)
            saved = number
        else:
            originals = read_originals(self._shipment, words.rows_with_problems(receipt))
            saved = words.save_first_problems(receipt, self._report, originals)
        sentence = "saved" if saved >= number else "saved-first"
        err.print(Text(word(sentence, self._language, path=self._report, shown=saved, all=number)), soft_wrap=True)


def exit_code(receipt: dict[str, Any]) -> int:
    if receipt["state"] == "failed":
        return FAILED
    return SOME_REFUSED if receipt["counts"].get("rejected") else ALL_TAKEN


def _goes_on(sender: _Sender, checked: dict[str, Any], language: Language, *, yes: bool, as_json: bool) -> bool:
    """Whether the real thing follows its trial: when every row is good, or a person wants the good ones in."""
    code = exit_code(checked)
    if code == ALL_TAKEN or (code == SOME_REFUSED and yes):
        return True
    sender.end(checked)
    may_ask = code == SOME_REFUSED and not as_json and sys.stdin.isatty()
    if may_ask and typer.confirm(word("go-on", language), err=True):
        return True
    err.print(Text(word("stopped", language), style="yellow"), soft_wrap=True)
    return False


def _shipment(
    file: Path,
    node: str,
    schema: str,
    fiscal_year: int | None,
    kind: PackageKind | None,
    *,
    complete: bool,
    columns: list[str],
) -> Shipment:
    """What the command line says, understood or refused before anything is sent."""
    if not _SLUG.fullmatch(node):
        _wrong("--node", "a slug such as surabaya: small letters, digits, hyphens")
    suffixes = [suffix.lower() for suffix in file.suffixes]
    encoding = ENCODINGS.get(suffixes.pop()) if suffixes and suffixes[-1] in ENCODINGS else None
    media_type = MEDIA_TYPES.get(suffixes[-1] if suffixes else "")
    if media_type is None:
        _wrong("FILE", f"its name must end with {', '.join(MEDIA_TYPES)}; save a spreadsheet as .xlsx")
    if complete and (fiscal_year is None or kind is None):
        _wrong("--complete", "say of which --fiscal-year and --kind nothing is missing")
    for pair in columns:
        if not all(part.strip() for part in pair.partition(":")):
            _wrong("--column", f"“{pair}” is not FIELD:HEADING, for example code:tender_id")
    given = [
        ("schema", schema),
        ("fiscal_year", fiscal_year),
        ("kind", kind),
        ("complete", "true" if complete else None),
    ]
    parameters = [(name, str(value)) for name, value in given if value is not None]
    parameters += [("column", pair) for pair in columns]
    return Shipment(file, node, media_type, encoding, tuple(parameters))


def _ask_for_key() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Key", hide_input=True, err=True)).strip()
    complain("A key is needed", "Put it into RAKOR_KEY; the province's bureau makes one for your node.")
    raise typer.Exit(NOT_ALLOWED)


def _wrong(what: str, why: str) -> NoReturn:
    raise typer.BadParameter(why, param_hint=what)


@contextmanager
def _honest(language: Language, *, as_json: bool) -> Iterator[None]:
    """One line on what went wrong, and the exit code that says whose turn it is."""
    try:
        yield
    except HubRefused as refusal:
        if as_json:
            print_json(refusal.problem)
        complain(word("refused", language), refusal.sentence(language))
        if refusal.status in {401, 403}:
            raise typer.Exit(NOT_ALLOWED) from refusal
        # 404 an unknown node, 415 and 422 what the command says of the file: the next try must be another command.
        raise typer.Exit(USAGE if refusal.status in {404, 415, 422} else FAILED) from refusal
    except HubUnreachable as failure:
        hindrance = word(failure.hindrance.word, language, detail=failure.hindrance.detail)
        complain(word("unreachable", language), f"{hindrance} {word('again', language)}")
        raise typer.Exit(FAILED) from failure
    except (FileChanged, OSError) as failure:
        reason = word("file-changed", language) if isinstance(failure, FileChanged) else str(failure)
        err.print(Text(reason, style="red"), soft_wrap=True)
        raise typer.Exit(FAILED) from failure
    except KeyboardInterrupt as interruption:
        err.print(Text(word("again", language)), soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from interruption


@contextmanager
def _bar(label: str, *columns: Any) -> Iterator[Any]:
    """A bar on a terminal; nothing where nobody watches."""
    if not err.is_terminal:
        yield lambda _done, _all: None
        return
    shown = Progress(TextColumn("{task.description}"), BarColumn(), *columns, console=err, transient=True)
    with shown:
        task = shown.add_task(label, total=None, start=False)

        def progress(done: int, of_all: int | None) -> None:
            with contextlib.suppress(KeyError):
                shown.start_task(task)
                shown.update(task, completed=done, total=of_all)

        yield progress
