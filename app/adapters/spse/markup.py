"""Reading strangers' HTML: label rows, tables found by their headers, and a guard against pages that never end."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.core.text import clean_text, name_key

MAX_PAGE_LENGTH = 1_000_000
"""Characters. Recorded pages have 2,000 to 10,000."""
_MAX_DEPTH = 100
_MAX_TABLE_DEPTH = 10
_MANY_TAGS = 2_000
_LONG_PAGE = 50_000
_MAX_WORDS_BETWEEN_TAGS = 4_000
_MAX_BADGES = 20
_MAX_COLUMNS = 40
_LONGEST_LABEL = 80

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements that hold nothing, or that close their own kind: repeating them does not nest.
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_FLAT = _VOID | {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "optgroup"}


class PageUnreadable(ValueError):
    """The page is too large or too deep to be a page of a package."""


def parse_page(text: str) -> LexborHTMLParser:
    """Build the tree of a page, scripts and styles left out."""
    _refuse_monsters(text)
    tree = LexborHTMLParser(text)
    tree.strip_tags(["script", "style"], recursive=True)
    return tree


def _refuse_monsters(text: str) -> None:
    """Refuse what makes the parser quadratic: measured, 160 kB of nested lists take it three seconds."""
    if len(text) > MAX_PAGE_LENGTH:
        raise PageUnreadable(f"a page of {len(text)} characters")
    if len(text) <= _LONG_PAGE and text.count("<") <= _MANY_TAGS:
        return
    if any(len(part.split(None, _MAX_WORDS_BETWEEN_TAGS)) > _MAX_WORDS_BETWEEN_TAGS for part in text.split("<")):
        raise PageUnreadable("thousands of words, or attributes, between two tags")
    depth = 0
    open_tags: dict[str, int] = {}
    for match in _TAG.finditer(text):
        tag = match[2].lower()
        if tag in _FLAT:
            continue
        if not match[1]:
            open_tags[tag] = open_tags.get(tag, 0) + 1
            depth += 1
            if depth > _MAX_DEPTH or (tag == "table" and open_tags[tag] > _MAX_TABLE_DEPTH):
                raise PageUnreadable(f"elements nested too deep: {depth}")
        elif open_tags.get(tag, 0) > 0:
            open_tags[tag] -= 1
            depth -= 1


def text_of(node: LexborNode) -> str:
    text = " ".join(node.text(separator=" ").split())
    # What is printable holds nothing to be cleaned of; nearly every text is, and a page has hundreds.
    return text if text.isprintable() else clean_text(text)


def links_in(node: LexborNode) -> list[str]:
    """Where the links inside a node lead, as written."""
    return [link for item in node.css("a") if (link := item.attributes.get("href"))]


def take_badges(node: LexborNode) -> list[str]:
    """Cut the badges ("Tender Ulang") out of a node and return their texts."""
    badges: list[str] = []
    for _ in range(_MAX_BADGES):
        # Asked anew each time: cutting a badge frees those inside it, and a freed node must not be touched.
        badge = node.css_first("span.badge, span.label")
        if badge is None:
            break
        badges.append(text_of(badge))
        badge.decompose()
    return list(dict.fromkeys(text for text in badges if text))


def read_name(markup: str) -> tuple[str, list[str]]:
    """Read a name as the lists give it: HTML with entities and badges."""
    if "<" not in markup:
        return clean_text(html.unescape(markup)), []
    try:
        body = parse_page(markup).body
    except PageUnreadable:
        body = None
    if body is None:
        return clean_text(html.unescape(markup)), []
    badges = take_badges(body)
    return text_of(body), badges


def _content_tables(tree: LexborHTMLParser) -> list[LexborNode]:
    """The outermost tables of the page's content. Tables inside them belong to single values and are not labels."""
    content = tree.css_first("div.content")
    if content is None:
        return []
    tables: list[LexborNode] = []
    waiting = list(content.iter())
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        if node.tag == "table":
            tables.append(node)
        else:
            waiting.extend(reversed(list(node.iter())))
    return tables


def rows_of(table: LexborNode) -> Iterator[list[LexborNode]]:
    """The cells of each of the table's own rows."""
    for child in table.iter():
        if child.tag == "tr":
            yield _cells(child)
        elif child.tag in {"tbody", "thead", "tfoot"}:
            for row in child.iter():
                if row.tag == "tr":
                    yield _cells(row)


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in {"td", "th"}]


@lru_cache(maxsize=1_000)
def _known_key(text: str) -> str:
    return name_key(text)


def label_key(text: str) -> str:
    """A label's or a header's `name_key`; nodes repeat a few dozen of them on every page."""
    return _known_key(text) if len(text) <= _LONGEST_LABEL else name_key(text)


class Labels:
    """The label rows of a page: `<th>label</th><td>value</td>`, once or more in a row."""

    def __init__(self, tables: list[LexborNode]) -> None:
        self._values: dict[str, list[LexborNode]] = {}
        for table in tables:
            for row in rows_of(table):
                label = ""
                for cell in row:
                    if cell.tag == "th":
                        label = label_key(text_of(cell))
                    elif label:
                        self._values.setdefault(label, []).append(cell)
                        label = ""

    def find(self, names: tuple[str, ...]) -> LexborNode | None:
        """The value of the first of these labels that is there. One that says two things says nothing."""
        for name in names:
            values = self._values.get(name, [])
            if len(values) == 1 or (values and len({text_of(value) for value in values}) == 1):
                return values[0]
            if values:
                return None
        return None

    def has_any(self, names: tuple[str, ...]) -> bool:
        return any(name in self._values for name in names)

    def names(self) -> list[str]:
        return list(self._values)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that names its columns in its first row, or in two. `headers` are in `name_key` form."""

    headers: list[str]
    rows: list[list[LexborNode]]

    def has(self, *headers: str) -> bool:
        return all(header in self.headers for header in headers)


def grids_in(node: LexborNode) -> list[Grid]:
    """Every table inside the node (or the node itself) that begins with a row of at least two headers."""
    grids: list[Grid] = []
    for table in node.css("table"):
        rows = [row for row in rows_of(table) if row]
        if rows and len(rows[0]) > 1 and all(_is_header(cell) for cell in rows[0]):
            data = [row for row in rows[1:] if any(cell.tag == "td" for cell in row)]
            grids.append(Grid(_headers(rows), data))
    return grids


def _headers(rows: list[list[LexborNode]]) -> list[str]:
    """The names of the columns. A header over several columns gives way to those that stand below it."""
    first = [(label_key(text_of(cell)), _span(cell)) for cell in rows[0]]
    spread = sum(span for _, span in first if span > 1)
    below = rows[1] if len(rows) > 1 and all(cell.tag == "th" for cell in rows[1]) else []
    if not spread or spread != len(below):
        return [name for name, _ in first]
    names = iter([label_key(text_of(cell)) for cell in below])
    headers: list[str] = []
    for name, span in first:
        headers += [name] if span == 1 else [next(names) for _ in range(span)]
    return headers


def _span(cell: LexborNode) -> int:
    text = cell.attributes.get("colspan") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 and 0 < int(text) <= _MAX_COLUMNS else 1


def _is_header(cell: LexborNode) -> bool:
    return cell.tag == "th" and cell.css_first("table") is None


class PackagePage:
    """One page of one package: its label rows, the tables inside its content, and the tabs above it."""

    def __init__(self, text: str) -> None:
        self._tree = parse_page(text)
        self._tables = _content_tables(self._tree)
        self.labels = Labels(self._tables)

    @cached_property
    def grids(self) -> list[Grid]:
        """Found when asked for: the announcement, the largest page by far, is read by its labels alone."""
        return [grid for table in self._tables for grid in grids_in(table)]

    @property
    def title(self) -> str:
        """The words in the head of the page, which the browser shows above it."""
        title = self._tree.css_first("title")
        return "" if title is None else text_of(title)

    @cached_property
    def tabs(self) -> list[str]:
        """Where the tabs lead, as written."""
        return [link for tabs in self._tree.css("ul.nav-tabs") for link in links_in(tabs)]
