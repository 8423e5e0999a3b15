"""How many pages a second the parser reads, kind by kind, beside HTML libraries that do much less with the same pages.

    uv run --frozen --group bench python benchmarks/parse_pages.py [--json]

The pages are those of one simulated node, of the size of recorded ones. benchmarks/README.md says what is counted. Exit
code 0: measured. 2: not measured.
"""

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bs4 import BeautifulSoup
from rich import box
from rich.console import Console
from rich.table import Table
from selectolax.lexbor import LexborHTMLParser

from app.adapters.spse.announcement import read_announcement
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.markup import PackagePage
from app.adapters.spse.offers import read_evaluation, read_participants
from app.adapters.spse.pages import is_package_page, named_code
from app.adapters.spse.reading import Reader
from app.adapters.spse.schedule import read_history, read_schedule
from app.adapters.spse.winners import read_winners
from app.core.dates import TimeZone
from app.core.vocabulary import PackageKind
from app.simulator.nodes import SimulatedNode, WorldSettings
from app.simulator.schedule_pages import stage_history
from app.simulator.site import find_page
from app.simulator.world import World

YEAR = 2025
SLUG = "contoh"
PAGES_OF_A_SORT = 60
ROUNDS = 5
SLOW = frozenset({"BeautifulSoup, html5lib"})

out = Console(width=max(Console().width, 110))
err = Console(stderr=True)

Contestant = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Sort:
    """Pages of one sort, and how Rakor reads one."""

    name: str
    texts: list[str]
    read: Contestant


def generate() -> list[Sort]:
    """Pages of finished packages, as the simulated node renders them."""
    settings = WorldSettings((YEAR,), tenders=(120, 120), non_tenders=(120, 120))
    world = World([SimulatedNode(SLUG, "Instansi Contoh")], settings)
    node = world.node(SLUG)
    sorts: list[Sort] = []
    for kind in (PackageKind.TENDER, PackageKind.NON_TENDER):
        finished = [one for one in world.packages(SLUG, YEAR, kind.value) if one.status == "completed"]
        for page in KINDS[kind].pages:
            if page is DetailPage.HISTORY:
                stages = [stage for package in finished for stage in package.schedule if stage.revisions]
                texts = [stage_history(node, stage) for stage in stages[:PAGES_OF_A_SORT]]
            else:
                texts = []
                for package in finished[:PAGES_OF_A_SORT]:
                    found = find_page(tuple(KINDS[kind].path(page, package.code).strip("/").split("/")))
                    assert found is not None
                    texts.append(found[1](node, package))
            if texts:
                sorts.append(Sort(f"{kind.value} {page.value}", texts, reader(kind, page)))
    return sorts


def reader(kind: PackageKind, page: DetailPage) -> Contestant:
    """What the adapter does with a page of this sort: make sure that it is one, whose it is, and read every value."""
    spec = KINDS[kind]

    def read(text: str) -> object:
        markup, notes = PackagePage(text), Reader(kind, "1")
        assert is_package_page(markup)
        named_code(markup)
        match page:
            case DetailPage.ANNOUNCEMENT:
                return read_announcement(markup, spec, notes)
            case DetailPage.SCHEDULE:
                return read_schedule(markup, spec, TimeZone.WIB, notes)
            case DetailPage.HISTORY:
                return read_history(markup, TimeZone.WIB, notes)
            case DetailPage.PARTICIPANTS:
                return read_participants(markup, notes)
            case DetailPage.EVALUATION:
                return read_evaluation(markup, notes)
            case _:
                return read_winners(markup, page, notes)

    return read


def texts_by_selectolax(text: str) -> object:
    tree = LexborHTMLParser(text)
    return [cell.text(separator=" ", strip=True) for cell in tree.css("div.content th, div.content td")]


def others() -> dict[str, Contestant]:
    """Libraries, each taking the texts of all cells out of the page's content and understanding none of them."""
    found: dict[str, Contestant] = {
        "selectolax, tree alone": LexborHTMLParser,
        "selectolax, cells": texts_by_selectolax,
    }
    if importlib.util.find_spec("lxml"):
        from lxml import html  # noqa: PLC0415 (may be missing)

        def texts_by_lxml(text: str) -> object:
            cells = html.fromstring(text).xpath('//div[@class="content"]//*[self::th or self::td]')
            return [" ".join(cell.text_content().split()) for cell in cells]

        found["lxml, cells"] = texts_by_lxml
    if importlib.util.find_spec("parsel"):
        from parsel import Selector  # noqa: PLC0415 (may be missing)

        def texts_by_parsel(text: str) -> object:
            cells = Selector(text).css("div.content th, div.content td")
            return [" ".join("".join(cell.css("::text").getall()).split()) for cell in cells]

        found["parsel, cells"] = texts_by_parsel

    def texts_by_soup(parser: str) -> Contestant:
        def read(text: str) -> object:
            cells = BeautifulSoup(text, parser).select("div.content th, div.content td")
            return [" ".join(cell.text.split()) for cell in cells]

        return read

    found["BeautifulSoup, html.parser"] = texts_by_soup("html.parser")
    found["BeautifulSoup, html5lib"] = texts_by_soup("html5lib")
    return found


def pages_a_second(read: Contestant, texts: list[str], rounds: int) -> float:
    """By CPU time, the median of some rounds."""
    read(texts[0])
    spans = []
    for _ in range(rounds):
        began = time.process_time()
        for text in texts:
            read(text)
        spans.append((time.process_time() - began) / len(texts))
    return 1 / median(spans)


def measure(rounds: int) -> dict[str, dict[str, Any]]:
    contestants = others()
    found: dict[str, dict[str, Any]] = {}
    with err.status("Rendering pages …") as status:
        for sort in generate():
            status.update(f"Reading {sort.name} …")
            speeds = {"Rakor, read": pages_a_second(sort.read, sort.texts, rounds)}
            for name, read in contestants.items():
                few, times = (sort.texts[:10], 1) if name in SLOW else (sort.texts, rounds)
                speeds[name] = pages_a_second(read, few, times)
            size = round(sum(len(text.encode()) for text in sort.texts) / len(sort.texts))
            found[sort.name] = {"pages": len(sort.texts), "bytes": size, "pages_a_second": speeds}
    return found


def show(found: dict[str, dict[str, Any]]) -> None:
    names = list(next(iter(found.values()))["pages_a_second"])
    table = Table(
        title="Pages a second of one core; behind the others, how many times Rakor's speed", box=box.SIMPLE_HEAD
    )
    for heading in ("page", "bytes", *names):
        table.add_column(heading, justify="left" if heading == "page" else "right", max_width=14)
    for sort, one in found.items():
        ours, *rest = one["pages_a_second"].values()
        table.add_row(
            sort, str(one["bytes"]), f"{ours:,.0f}", *(f"{other:,.0f} ({other / ours:.2f})" for other in rest)
        )
    out.print(table)
    out.print(
        "“cells”: the tree, and the texts of all cells of the content. Rakor's time is all that it does with a page: guard,\n"
        "tree, whose page it is, every value read, typed and judged.",
        soft_wrap=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
