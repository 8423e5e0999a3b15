"""Whatever order rows come in, however often, and whatever stands in them: one package, one record, nothing invented."""

import asyncio
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.inaproc.gateway import EnvelopeUnknown, ListPage, read_envelope
from app.adapters.inaproc.listing import Position, walk
from app.adapters.inaproc.resources import KINDS
from app.adapters.inaproc.rows import read_rows
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.record import combine
from app.adapters.lkpp.rows import by_list
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.kit.json import dumps, loads
from tests.adapters.inaproc_replies import CONSULTING, TENDER, all_rows, merged, rows_of, stored

KIND = st.sampled_from(sorted(KINDS))
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(),
    st.sampled_from(
        ["Selesai", "Gagal/Batal", "1.500", "Rp 5", "2025-01-01T00:00:00Z", "May 7, 2021", "2025;2026", "<p>"]
    ),
)
VALUE = st.one_of(SCALAR, st.lists(SCALAR, max_size=2), st.dictionaries(st.text(max_size=3), SCALAR, max_size=2))


def fields_known(kind):
    return sorted({name for rows in all_rows(kind).values() for row in rows for name in row})


def record_of(kind, code, row):
    reader = Reader(kind, code, TimeZone.WIB)
    fields = combine(KINDS[kind], by_list(row), reader)
    return fields, sorted(map(str, reader.problems))


class Pages:
    """A gateway without a network: every list cut into pages at random, rows shuffled and repeated."""

    def __init__(self, lists, draw=None):
        self.pages = {}
        for resource, rows in lists.items():
            mixed, size = rows, 1000
            if draw is not None:
                mixed = draw(st.permutations(rows + draw(st.lists(st.sampled_from(rows), max_size=3))))
                size = draw(st.integers(1, 4))
            self.pages[resource] = [mixed[begin : begin + size] for begin in range(0, len(mixed), size)] or [[]]

    async def page(self, resource, _institution, _year, *, limit, cursor=None):
        assert limit
        number = int(cursor or 0)
        last = number + 1 == len(self.pages[resource])
        return ListPage(self.pages[resource][number], None if last else str(number + 1))


async def walked(gateway, resume=""):
    return [page async for page in walk(gateway, TENDER, ("D999",), 2025, resume=resume)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_shuffled_and_repeated_rows_and_pages_give_the_same_records(data):
    plain = merged(asyncio.run(walked(Pages(all_rows()))))

    pages = asyncio.run(walked(Pages(all_rows(), data.draw)))
    kept_pages = data.draw(st.integers(0, len(pages)))
    again = data.draw(st.lists(st.sampled_from(pages), max_size=3))
    book = merged([*again, *pages[:kept_pages], *pages[kept_pages:]])

    assert book == plain
    for (kind, code, lpse), row in book.items():
        assert record_of(kind, code, stored(row)) == record_of(kind, code, plain[kind, code, lpse])


@given(st.permutations(rows_of(CONSULTING)["tender/tender-ekontrak-kontrak"]), st.integers(0, 3))
def test_contracts_add_up_the_same_in_any_order(contracts, repeated):
    lists = rows_of(CONSULTING) | {"tender/tender-ekontrak-kontrak": [*contracts, *contracts[:repeated]]}
    row = {}
    for resource, rows in lists.items():
        for entry in read_rows(TENDER, resource, rows)[0]:
            row.update(entry.row)

    fields, problems = record_of(TENDER, CONSULTING, row)

    assert problems == []
    assert sum(award["contract_value"] for award in fields["awards"]) == Decimal("497500000.75")


@settings(max_examples=200, deadline=None)
@given(KIND, st.data())
def test_no_row_breaks_the_joining_and_no_amount_is_negative(kind, data):
    names = fields_known(kind)
    row = {}
    for resource in data.draw(st.lists(st.sampled_from(KINDS[kind].all), min_size=1, max_size=4)):
        raw = data.draw(st.dictionaries(st.sampled_from(names), VALUE, max_size=12))
        raw |= {KINDS[kind].code: 1, "kd_lpse": 7}
        entries, problems = read_rows(kind, resource, [raw])
        assert problems == []
        row.update(entries[0].row)

    fields, problems = record_of(kind, "1", row)

    assert record_of(kind, "1", stored(row)) == (fields, problems)
    amounts = [fields.get("pagu"), fields.get("hps"), fields.get("realized_value")]
    amounts += [value for award in fields.get("awards", []) for name, value in award.items() if name.endswith("_value")]
    assert all(amount is None or (amount >= 0 and amount == round(amount, 2)) for amount in amounts)
    assert all(moment.tzinfo for name, moment in fields.items() if name.endswith("_at"))


@given(KIND, st.lists(st.one_of(VALUE, st.dictionaries(st.text(), VALUE)), max_size=5))
def test_whatever_stands_in_a_list_is_an_entry_or_a_problem(kind, rows):
    entries, problems = read_rows(kind, KINDS[kind].announcement, rows)

    assert len(problems) + sum(len(entry.row) for entry in entries) <= len(rows)
    assert all(isinstance(problem, Problem) for problem in problems)
    for entry in entries:
        dumps(entry.row)


@given(KIND, st.dictionaries(st.text(), VALUE))
def test_a_kept_row_can_be_stored_and_keeps_its_name(kind, row):
    entries, _ = read_rows(kind, "daftar", [row | {KINDS[kind].code: 1, "kd_lpse": 7}])

    [(name, kept)] = entries[0].row.items()
    assert loads(dumps(kept)) == kept
    assert "\\u0000" not in dumps(kept).decode()
    assert read_rows(kind, "daftar", [kept])[0][0].row == {name: kept}


@given(st.one_of(VALUE, st.fixed_dictionaries({"data": VALUE, "meta": VALUE})), st.integers(1, 1000))
def test_any_json_is_an_envelope_or_unknown(body, limit):
    try:
        page = read_envelope(body, limit)
    except EnvelopeUnknown:
        return
    assert isinstance(page.rows, list)


@given(st.text())
def test_any_text_is_a_position_or_none(text):
    assert Position.read(text) is None or isinstance(Position.read(text), Position)


@given(st.builds(Position, st.text(), st.text(), st.one_of(st.none(), st.text()), st.integers(0, 10**6)))
def test_a_position_reads_as_it_was_written(position):
    assert Position.read(position.text) == position
