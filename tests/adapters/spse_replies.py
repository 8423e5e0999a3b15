"""The invented replies in `replies/spse`, and short ways to read them."""

import json
from pathlib import Path

from app.adapters.spse.index import parse_list, read_row, row_fields
from app.adapters.spse.markup import PackagePage
from app.adapters.spse.reading import Reader
from app.core.vocabulary import PackageKind

LISTS = {
    PackageKind.TENDER: "dt_lelang.json",
    PackageKind.NON_TENDER: "dt_pl.json",
    PackageKind.RECORDED: "dt_nonspk.json",
    PackageKind.SELF_MANAGED: "dt_swakelola.json",
    PackageKind.EMERGENCY: "dt_darurat-list.json",
}
REPLIES = Path(__file__).parent / "replies" / "spse"


def reply(name):
    return (REPLIES / name).read_text(encoding="utf-8")


def page(name, **replacements):
    """A page, with words replaced as a node might have changed them."""
    text = reply(name)
    for old, new in replacements.pop("changes", {}).items():
        assert old in text
        text = text.replace(old, new)
    return PackagePage(text)


def rows(name):
    return parse_list(reply(name)).rows


def a_row(kind=PackageKind.TENDER, **changes):
    """The first row of a list, with cells changed by position (`_3="…"`)."""
    row = list(rows(LISTS[kind])[0])
    for position, value in changes.items():
        row[int(position.removeprefix("_"))] = value
    return row


def fields_of(row, kind=PackageKind.TENDER):
    """What a row says, and the codes of its problems."""
    entry = read_row(kind, row)
    reader = a_reader(entry.code, kind)
    return row_fields(entry, reader), codes(reader)


def a_reader(code="90000001007", kind=PackageKind.TENDER):
    return Reader(kind, code)


def codes(reader):
    return [problem.code for problem in reader.problems]


def as_list(rows, total=2147483647):
    return json.dumps({"draw": "1", "recordsTotal": total, "recordsFiltered": total, "data": rows})
