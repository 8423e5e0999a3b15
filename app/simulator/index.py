"""The index endpoints below `/dt/`: DataTables questions answered with rows as SPSE 4.5 writes them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from zlib import crc32

from app.simulator.faults import Faults
from app.simulator.names import CATEGORY_IDS
from app.simulator.nodes import Kind
from app.simulator.packages import SimulatedPackage
from app.simulator.pages import badge_markup
from app.simulator.seeds import dice
from app.simulator.wording import abbreviated, rupiah
from app.simulator.world import World

SENTINEL = 2147483647
"""Integer.MAX, which current nodes give in the place of a total."""

Row = list[str | None]

_NO_CONTRACT = "Nilai Kontrak belum dibuat"
_FILTERS = ("search[value]", "kategoriId", "rekanan", "instansiId", "tipeSwakelolaId")


def index_row(package: SimulatedPackage) -> Row:
    """One row: 16 cells of a tender, 12 of a non-tender, 9 or 8 of what is only recorded; text or null."""
    years = ",".join(str(year) for year in package.fiscal_years)
    name = escape(package.name) + badge_markup(package)
    pagu = abbreviated(package.pagu)
    match package.kind:
        case "recorded":
            what = [pagu, package.method, package.category, years, "5", package.stage]
            return [package.code, name, package.institution, *what]
        case "self_managed":
            return [package.code, name, package.institution, pagu, "5", years, "5", package.stage]
        case "emergency":
            return [package.code, name, package.institution, pagu, years, "5", package.category, package.stage]
        case _:
            return _competed_row(package, name, years)


def _competed_row(package: SimulatedPackage, name: str, years: str) -> Row:
    contracts = [winner.contract for winner in package.winners if winner.contract is not None]
    contract = rupiah(sum(contracts, Decimal(0))) if contracts and package.finished else _NO_CONTRACT
    flag = "1" if package.consolidated else "0"
    first = [package.code, name, package.institution, package.stage]
    hps, category = abbreviated(package.hps), f"{package.category} - TA {years}"
    if package.kind == "non_tender":
        return [*first, hps, package.method, category, "5", contract, "1", flag, "0"]
    rules = [package.qualification, package.method, package.evaluation]
    return [*first, hps, *rules, category, "5", contract, None, None, flag, "0", None]


class BadQuestion(ValueError):
    """The form asks for something that is no number."""


@dataclass(frozen=True, slots=True)
class _Asked:
    draw: str
    start: int
    length: int
    year: int | None
    column: int | None
    descending: bool
    filters: Mapping[str, str]


@dataclass(slots=True)
class _Listing:
    """What a node lists in one year, ready to be cut into pages; good while `source` is the world's own dictionary."""

    source: Mapping[str, SimulatedPackage]
    by_code: list[SimulatedPackage]
    rows: list[str]


class Index:
    """Answers for all nodes of a world. Without an order the rows stand by publication, and those of one day in an
    order that differs with every `turn`, as the real list does.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._listings: dict[tuple[str, Kind, int | None], _Listing] = {}

    def answer(
        self, slug: str, kind: Kind, query: Mapping[str, str], form: Mapping[str, str], *, turn: int, faults: Faults
    ) -> bytes:
        """Answer one question of a DataTables client; a filter stands in the address or in the form. Raises BadQuestion."""
        asked = self._understand(query, form)
        if asked.column == 0 and not asked.filters and not faults.disturbs_index:
            rows = self._cut(self._listing(slug, kind, asked.year), asked)
        else:
            found = self._find(slug, kind, asked, turn, faults)
            rows = [_written(row) for row in _disturbed(found, asked, faults)]
        total = SENTINEL if faults.totals is None else faults.totals
        head = f'{{"draw":{json.dumps(asked.draw)},"recordsTotal":{total},"recordsFiltered":{total},"data":['
        return f"{head}{','.join(rows)}]}}".encode()

    def _understand(self, query: Mapping[str, str], form: Mapping[str, str]) -> _Asked:
        asked = {**query, **{name: value for name, value in form.items() if value or name not in query}}
        try:
            length = int(asked.get("length") or 0)
            most = self.world.settings.max_length
            return _Asked(
                draw=str(asked.get("draw", "1")),
                start=max(int(asked.get("start") or 0), 0),
                # DataTables asks for everything with -1; nothing is asked for with 0, as pyproc does to read the totals.
                length=min(length, most) if length >= 0 else most,
                year=int(asked["tahun"]) if asked.get("tahun") else None,
                column=int(asked["order[0][column]"]) if asked.get("order[0][column]") else None,
                descending=asked.get("order[0][dir]") == "desc",
                filters={name: asked[name].strip() for name in _FILTERS if asked.get(name, "").strip()},
            )
        except ValueError as error:
            raise BadQuestion(str(error)) from error

    def _listing(self, slug: str, kind: Kind, year: int | None) -> _Listing:
        source = self.world.everything(slug, kind)
        held = self._listings.get((slug, kind, year))
        if held is None or held.source is not source:
            chosen = (package for package in source.values() if year is None or year in package.fiscal_years)
            by_code = sorted(chosen, key=lambda package: int(package.code))
            held = _Listing(source, by_code, [_written(index_row(package)) for package in by_code])
            self._listings[slug, kind, year] = held
        return held

    def _cut(self, listing: _Listing, asked: _Asked) -> list[str]:
        if asked.descending:
            last = max(len(listing.rows) - asked.start, 0)
            return listing.rows[max(last - asked.length, 0) : last][::-1]
        return listing.rows[asked.start : asked.start + asked.length]

    def _find(self, slug: str, kind: Kind, asked: _Asked, turn: int, faults: Faults) -> list[SimulatedPackage]:
        node = self.world.node(slug)
        listed = self._listing(slug, kind, asked.year).by_code
        found = [
            package
            for package in listed
            if _is_kept(package, faults.keep_percent)
            and _matches(package, asked.filters, node.institution_code(package.institution))
        ]
        dice(f"{slug}/{turn}").shuffle(found)
        found.sort(key=lambda package: package.published_on, reverse=True)
        if asked.column is not None and not faults.ignore_order:
            column = asked.column
            if faults.ties and column == 0:
                dice(f"{slug}/ties/{turn}").shuffle(found)
                found.sort(key=lambda package: int(package.code) // 100_000, reverse=asked.descending)
            else:
                found.sort(key=lambda package: _sort_key(package, column), reverse=asked.descending)
        return found


def _disturbed(found: Sequence[SimulatedPackage], asked: _Asked, faults: Faults) -> list[Row]:
    """The rows of one page, after the faults have had their way with them."""
    if faults.empty_index:
        return []
    start = max(asked.start - faults.shift_rows * (asked.start // max(asked.length, 1)), 0)
    rows: list[Row] = []
    for number, package in enumerate(found[start : start + asked.length], start=1):
        row = index_row(package)
        if faults.empty_cells_every:
            row = [
                "" if place and (number + place) % faults.empty_cells_every == 0 else cell
                for place, cell in enumerate(row)
            ]
        if faults.swap_cells is not None and max(faults.swap_cells) < len(row):
            first, second = faults.swap_cells
            row[first], row[second] = row[second], row[first]
        if faults.drop_cell_at is not None:
            row = [cell for place, cell in enumerate(row) if place != faults.drop_cell_at]
        if faults.insert_cell_at is not None:
            row.insert(faults.insert_cell_at, "?")
        rows += [row] * (2 if faults.duplicate_every and number % faults.duplicate_every == 0 else 1)
    return rows


def _is_kept(package: SimulatedPackage, percent: int) -> bool:
    return percent >= 100 or crc32(package.code.encode()) % 100 < percent


def _written(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _matches(package: SimulatedPackage, filters: Mapping[str, str], institution: str) -> bool:
    words = filters.get("search[value]", "").lower()
    if words and words not in package.name.lower() and words not in package.code:
        return False
    category = filters.get("kategoriId")
    if category and CATEGORY_IDS.get(package.category) != category:
        return False
    if filters.get("instansiId", institution) != institution:
        return False
    self_managed_type = filters.get("tipeSwakelolaId")
    if self_managed_type and str(package.self_managed_type) != self_managed_type:
        return False
    supplier = filters.get("rekanan", "").lower()
    return not supplier or any(supplier in winner.supplier.name.lower() for winner in package.winners)


def _sort_key(package: SimulatedPackage, column: int) -> tuple[Decimal, str]:
    """Numbers sort as numbers; columns that cannot be sorted leave the order of publication."""
    match column:
        case 0:
            return Decimal(package.code), ""
        case 1:
            return Decimal(0), package.name
        case 2:
            return Decimal(0), package.institution
        case 4:
            return package.hps or Decimal(0), ""
        case _:
            return Decimal(0), ""
