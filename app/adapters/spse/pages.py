"""Telling the pages of packages from others, and from each other: whose page this is, and where its tabs lead. Pure."""

import re

from app.adapters.spse import labels
from app.adapters.spse.kinds import DetailPage, KindSpec
from app.adapters.spse.markup import PackagePage, text_of
from app.core.text import CodeUnreadable, canonical_code

_PACKAGE_LABELS = (*labels.CODE, *labels.NAME, *labels.PAGU, *labels.HPS, *labels.STAGE, *labels.SATKER)
_PACKAGE_HEADERS = frozenset({"nama peserta", "tahap", "tanggal edit"})
# A schedule and its history have neither labels nor tabs: "LPSE - Tahap Paket Saat Ini - [10748199000] Perencanaan …",
# "LPSE - History Perubahan Jadwal" (both recorded 2026).
_CODE_IN_TITLE = re.compile(r"^LPSE\W+Tahap [\w ]{0,30}Saat Ini\W{1,5}\[(\d{1,64})\]")
_HISTORY_TITLE = re.compile(r"^LPSE\W+History Perubahan Jadwal\b")
_CODE_IN_PATH = re.compile(r"/(\d{1,64})(?:/[a-z]+)?$")
_CODE_IN_QUERY = re.compile(r"(?:^|&)id=(\d{1,64})(?:&|$)")


def is_package_page(page: PackagePage) -> bool:
    """Whether this is a page of a package at all, and not a login, an error or a challenge answered with 200."""
    if page.labels.has_any(_PACKAGE_LABELS) or any(code_in(link) for link in page.tabs):
        return True
    if any(not _PACKAGE_HEADERS.isdisjoint(grid.headers) for grid in page.grids):
        return True
    return _CODE_IN_TITLE.search(page.title) is not None or _HISTORY_TITLE.search(page.title) is not None


def named_code(page: PackagePage) -> str | None:
    """The code that the page says it is about: by its label, its tabs or its title. None when it does not say.

    What stands under the label is returned even when it is no code, so that a comparison fails.
    """
    cell = page.labels.find(labels.CODE)
    if cell is not None:
        text = text_of(cell)
        try:
            return canonical_code(text.partition(" ")[0])
        except CodeUnreadable:
            return text
    codes = {code for link in page.tabs if (code := code_in(link))}
    if not codes and (title := _CODE_IN_TITLE.search(page.title)):
        codes = {title[1]}
    return codes.pop().lstrip("0") if len(codes) == 1 else None


def code_in(link: str) -> str | None:
    """The number that a link is about: "…/lelang/10158661000/peserta", "…/pengumumannonspk?id=10942236000"."""
    path, _, query = link.partition("?")
    match = _CODE_IN_QUERY.search(query) or _CODE_IN_PATH.search(path.rstrip("/"))
    return match[1] if match else None


def page_in(link: str) -> str:
    """Which page a link leads to, by the last word of its path."""
    words = [part for part in link.partition("?")[0].split("/") if part and not part.isdigit()]
    return words[-1] if words else ""


def tabs_of(page: PackagePage, spec: KindSpec) -> frozenset[DetailPage] | None:
    """The pages to which the tabs lead; None when the page shows no tabs at all."""
    if not page.tabs:
        return None
    shown = {page_in(link) for link in page.tabs}
    return frozenset(detail for detail in spec.pages if page_in(spec.path(detail, "0")) in shown)
