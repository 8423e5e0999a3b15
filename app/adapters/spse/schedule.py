"""The schedule of one package (*jadwal*), the history of its changes, and the dates that follow from it. Pure.

Recorded of non-tenders (2026); the schedule of a tender is known from public consumers' code to have the same columns.
"""

import re
from dataclasses import dataclass

from app.adapters.spse.kinds import DetailPage, KindSpec
from app.adapters.spse.markup import Grid, PackagePage, links_in, text_of
from app.adapters.spse.reading import Reader
from app.core.dates import TimeZone
from app.core.records import PackageFields, StageFields, StageRevisionFields
from app.core.text import name_key
from app.core.vocabulary import DateBasis

_STAGE_COLUMNS = {"Tahap": "tahap", "Mulai": "mulai", "Sampai": "sampai"}
_CHANGES = "perubahan"
_HISTORY_COLUMNS = {"Tanggal Edit": "tanggal edit", "Mulai": "mulai", "Sampai": "sampai", "Keterangan": "keterangan"}
_CHANGE_COUNT = re.compile(r"(\d{1,4}) (?:kali|x)\b.*", re.IGNORECASE)
MAX_HISTORIES = 60
"""Nodes know about sixty stages, and a package goes through a dozen of them. Each history costs a request."""
_UNCHANGED = frozenset({"", "-", "tidak ada"})

# By how a stage begins, in `name_key` form. Winners and results of a prequalification are announced as well.
_ANNOUNCEMENT = re.compile(
    r"pengumuman(?:$| (?:(?:pasca|pra) ?kualifikasi|(?:pe)?lelang\w*|tender|seleksi|pengadaan|paket)\b(?! (?:pemenang|hasil)))"
    r"|undangan(?:$| (?:pengadaan|penunjukan|prakualifikasi)\b)"
)
_AWARD = re.compile(r"penetapan (?:dan pengumuman )?(?:calon )?pemenang\b")
_CONTRACT = re.compile(r"(?:penandatanganan|tanda tangan) (?:kontrak|surat perjanjian|perjanjian|spk)\b")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The stages in the node's order. `histories` are the stages that were changed, by position, and the ids of their histories."""

    stages: list[StageFields]
    histories: dict[int, str]


def read_schedule(page: PackagePage, spec: KindSpec, zone: TimeZone, reader: Reader) -> Schedule | None:
    """The table of stages; None when its shape is not known."""
    grid = _grid_with(page, "tahap", _STAGE_COLUMNS, DetailPage.SCHEDULE, reader)
    if grid is None:
        return None
    name, starts, ends = (grid.headers.index(header) for header in _STAGE_COLUMNS.values())
    changes = grid.headers.index(_CHANGES) if _CHANGES in grid.headers else None
    stages: list[StageFields] = []
    histories: dict[int, str] = {}
    for row in grid.rows:
        if len(row) == 1:
            continue  # A remark, such as that there is no schedule.
        texts = [text_of(cell) for cell in row]
        if len(row) != len(grid.headers) or not texts[name]:
            reader.report("row-unreadable", field=DetailPage.SCHEDULE.value, value=" | ".join(texts))
            return None
        stage = StageFields(
            name=texts[name],
            starts_at=reader.moment(texts[starts], f"{DetailPage.SCHEDULE}: Mulai", zone),
            ends_at=reader.moment(texts[ends], f"{DetailPage.SCHEDULE}: Sampai", zone),
        )
        if changes is not None:
            stage["changes"] = _count_changes(texts[changes], reader)
            if (
                stage["changes"]
                and len(histories) < MAX_HISTORIES
                and (history := _history_id(links_in(row[changes]), spec)) is not None
            ):
                histories[len(stages)] = history
        stages.append(stage)
    return Schedule(stages, histories)


def _grid_with(
    page: PackagePage, first: str, columns: dict[str, str], detail: DetailPage, reader: Reader
) -> Grid | None:
    grid = next((grid for grid in page.grids if first in grid.headers), None)
    missing = [label for label, header in columns.items() if grid is None or header not in grid.headers]
    if grid is None or missing:
        headers = "; ".join(" | ".join(grid.headers) for grid in page.grids)
        reader.report("detail-drift", field=f"{detail}: {', '.join(missing)}", value=headers)
        return None
    return grid


def _count_changes(text: str, reader: Reader) -> int | None:
    """Read "Tidak Ada" or "1 kali perubahan"."""
    if text.casefold() in _UNCHANGED:
        return 0
    match = _CHANGE_COUNT.fullmatch(text)
    if match is None:
        reader.report("count-unreadable", field=f"{DetailPage.SCHEDULE}: Perubahan", value=text)
        return None
    return int(match[1])


def _history_id(links: list[str], spec: KindSpec) -> str | None:
    """The stage's own id. Only the number is taken from the link: where it leads, the node does not decide."""
    before, after = spec.pages[DetailPage.HISTORY].split("{code}")
    pattern = re.compile(rf"{re.escape(before)}(\d{{1,64}}){re.escape(after)}$")
    return next((match[1] for link in links if (match := pattern.search(link.partition("?")[0]))), None)


def read_history(page: PackagePage, zone: TimeZone, reader: Reader) -> list[StageRevisionFields] | None:
    """How one stage stood before each change, earliest first; None when the table's shape is not known."""
    grid = _grid_with(page, "tanggal edit", _HISTORY_COLUMNS, DetailPage.HISTORY, reader)
    if grid is None:
        return None
    edited, starts, ends, reason = (grid.headers.index(header) for header in _HISTORY_COLUMNS.values())
    revisions: list[StageRevisionFields] = []
    for row in grid.rows:
        if len(row) == 1:
            continue
        texts = [text_of(cell) for cell in row]
        if len(row) != len(grid.headers):
            reader.report("row-unreadable", field=DetailPage.HISTORY.value, value=" | ".join(texts))
            return None
        revisions.append(
            StageRevisionFields(
                edited_at=reader.moment(texts[edited], f"{DetailPage.HISTORY}: Tanggal Edit", zone),
                starts_at=reader.moment(texts[starts], f"{DetailPage.HISTORY}: Mulai", zone),
                ends_at=reader.moment(texts[ends], f"{DetailPage.HISTORY}: Sampai", zone),
                reason=texts[reason] or None,
            )
        )
    return revisions


def planned_dates(stages: list[StageFields]) -> PackageFields:
    """When the package was to be announced, awarded and contracted: where the first stage of that name starts."""
    dates = PackageFields()
    for stage in stages:
        starts_at = stage.get("starts_at")
        if starts_at is None:
            continue
        key = name_key(stage["name"])
        if _ANNOUNCEMENT.match(key):
            dates.setdefault("announced_at", starts_at)
        elif _AWARD.match(key):
            dates.setdefault("awarded_at", starts_at)
        elif _CONTRACT.match(key):
            dates.setdefault("contracted_at", starts_at)
    if dates:
        dates["date_basis"] = DateBasis.SCHEDULED
    return dates
