"""Whatever stands in a row, reading it ends in a record that the door accepts, or in a problem with its place."""

import json
import string
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.core.problems import Severity
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus
from app.procurement.admission import refusal
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from app.submission.row_schemas.fields import FieldSpec, Shape
from app.submission.row_schemas.inaproc_fields import FIELDS
from app.submission.row_schemas.package_fast import read_plain_package
from app.submission.row_schemas.package_fields import PACKAGE
from app.submission.row_schemas.package_json import read_package
from app.submission.rows import BodyRow, Cell, RowReading
from tests.submission.rows.making import a_context

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

anything = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=8)
    | some.sampled_from(["2025-02-03", "2025-02-03T08:00:00Z", "0001-01-01", "1.500", "1500.25", "tender", "\u202e", "\x00"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
WORDS = {
    "kind": some.sampled_from([*PackageKind, "Swakelola"]),
    "category": some.sampled_from([*Category, "Pengadaan Barang"]),
    "method": some.sampled_from([*Method, "Seleksi"]),
    "status": some.sampled_from([*PackageStatus, "Paket Selesai"]),
    "date_basis": some.sampled_from(["actual", "scheduled"]),
}
texts = some.text(string.ascii_letters + string.digits + ' .,:"\\/-éΩ\n', min_size=1, max_size=20).filter(str.strip)
amounts = some.one_of(
    some.integers(0, 10**15),
    some.integers(0, 10**14).map(lambda sen: sen / 100).filter(lambda number: round(number, 2) == number),
    some.integers(0, 10**15).map(str),
)
SHAPES: dict[Shape, Any] = {
    Shape.TEXT: texts,
    Shape.LONG_TEXT: texts,
    Shape.AMOUNT: amounts,
    Shape.SCORE: some.integers(0, 100),
    Shape.MOMENT: some.sampled_from(["2025-02-03", "2025-02-03T08:00", "2025-02-03 08:00:01.5", "2025-02-03T08:00:00+08:00"]),
    Shape.DAY: some.dates().filter(lambda day: 1990 <= day.year <= 2100).map(str),
    Shape.COUNT: some.integers(1, 4),
    Shape.YES: some.booleans(),
    Shape.TEXTS: some.lists(texts, max_size=3),
    Shape.NAMED_TEXTS: some.dictionaries(texts, texts, max_size=2),
    Shape.READ_ONLY: some.nothing(),
}  # fmt: skip


def value_of(field: FieldSpec) -> Any:
    if field.shape is Shape.OBJECTS:
        return some.lists(object_of(field.parts), max_size=2)
    return WORDS[field.name] if field.name in WORDS else SHAPES[field.shape]


def object_of(fields: tuple[FieldSpec, ...]) -> Any:
    known = [field for field in fields if field.shape not in {Shape.READ_ONLY, Shape.YEAR, Shape.YEARS, Shape.CODE}]
    plain = [field for field in known if field.name not in {"node", "updated_at", "kind"}]
    return some.fixed_dictionaries(
        {field.name: value_of(field) for field in plain if field.required},
        optional={field.name: some.none() | value_of(field) for field in plain if not field.required},
    )


packages = some.builds(
    lambda row, **whose: row | whose,
    object_of(PACKAGE),
    kind=WORDS["kind"],
    code=some.from_regex(r"[1-9][0-9]{0,12}", fullmatch=True) | some.integers(1, 10**12),
    fiscal_year=some.integers(2000, 2100),
)


def is_settled(reading: RowReading) -> bool:
    if reading.record is not None:
        return refusal(reading.record) is None
    return any(
        each.pointer is not None and each.problem.severity is Severity.ERROR and each.row for each in reading.problems
    )


def as_json(row: Any) -> bytes:
    return json.dumps(row).encode()


@QUICK
@given(row=anything)
@pytest.mark.parametrize("schema", ["rakor-package", "inaproc:tender-selesai-nilai", "ocds"])
def test_any_json_is_read_or_refused(schema, row):
    assert is_settled(ROW_SCHEMAS[schema].read(BodyRow(1, as_json(row)), a_context()))


@QUICK
@given(data=some.data())
def test_any_value_in_any_field_of_a_package_is_read_or_refused(data):
    names = [field.name for field in PACKAGE]
    row = {"kind": "tender", "code": "1", "fiscal_year": 2025}
    row |= data.draw(some.dictionaries(some.sampled_from(names), anything, max_size=5))
    content = as_json(row)

    reading = ROW_SCHEMAS["rakor-package"].read(BodyRow(1, content), a_context())

    assert is_settled(reading)
    fast = read_plain_package(content, 1, a_context())
    assert fast is None or fast == read_package(content, 1, a_context())


@QUICK
@given(data=some.data())
def test_any_value_in_any_field_of_an_inaproc_row_is_read_or_refused(data):
    schema = data.draw(some.sampled_from([name for name in ROW_SCHEMAS if name.startswith("inaproc:")]))
    row = {name: 4312010 for name in FIELDS if name.startswith(("kd_tender", "kd_nontender", "kd_swakelola"))}
    row |= data.draw(some.dictionaries(some.sampled_from(list(FIELDS)), anything, max_size=8))

    reading = ROW_SCHEMAS[schema].read(BodyRow(1, as_json(row)), a_context(fiscal_year=2025))

    assert is_settled(reading)


@QUICK
@given(data=some.data())
def test_any_value_in_a_release_is_read_or_refused(data):
    parts = some.sampled_from(
        ["tender", "awards", "buyer", "contracts", "planning", "id", "date", "tag", "value", "amount"]
    )
    release = data.draw(
        some.recursive(anything, lambda inner: some.dictionaries(parts, inner, max_size=4), max_leaves=8)
    )
    row = {"ocid": "ocds-213czf-12482010", **(release if isinstance(release, dict) else {})}

    assert is_settled(ROW_SCHEMAS["ocds"].read(BodyRow(1, as_json(row)), a_context(fiscal_year=2025)))


@QUICK
@given(data=some.data())
@pytest.mark.parametrize("schema", ["rakor-package", "inaproc:non-tender-selesai", "ocds"])
def test_any_cells_are_read_or_refused(schema, data):
    paths = [column.path for column in ROW_SCHEMAS[schema].columns]
    cell = some.builds(
        Cell,
        some.text(max_size=8)
        | some.integers()
        | some.decimals(allow_nan=False)
        | some.booleans()
        | some.dates()
        | some.datetimes()
        | some.sampled_from(["1.500", "Rp 1.500,50", "03-02-2025", "Tender", "ya"]),
        some.just("F12"),
    )
    paths_of_any_kind = some.sampled_from(paths) | some.text(max_size=6)
    cells = data.draw(some.dictionaries(paths_of_any_kind, cell, max_size=6))
    if schema == "ocds":
        cells.setdefault("ocid", Cell("ocds-213czf-12482010", "A12"))

    assert is_settled(ROW_SCHEMAS[schema].read(BodyRow(12, cells), a_context(fiscal_year=2025, kind="tender")))


@QUICK
@given(row=packages)
def test_what_a_package_may_say_is_taken_exactly_and_the_published_schema_knows_it(row):
    content = as_json(row)

    reading = ROW_SCHEMAS["rakor-package"].read(BodyRow(1, content), a_context())

    assert reading.record is not None, reading.problems
    PUBLISHED.validate(row)
    taken: dict[str, Any] = dict(reading.record.fields)
    for field in PACKAGE:
        if field.shape is Shape.AMOUNT and field.name in row:
            stated = row[field.name]
            assert taken[field.name] == (None if stated is None else Decimal(str(stated)))
        if field.shape is Shape.TEXT and field.name in row:
            assert taken[field.name] == row[field.name]


PUBLISHED = jsonschema_rs.Draft202012Validator(ROW_SCHEMAS["rakor-package"].json_schema())


@pytest.mark.parametrize("schema", list(ROW_SCHEMAS.values()), ids=list(ROW_SCHEMAS))
def test_every_published_schema_is_one_and_explains_every_field(schema):
    published = schema.json_schema()

    jsonschema_rs.meta.validate(published)
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(field.get("description") or field.get("properties") for field in published["properties"].values())
    assert all(column.help_id and column.help_en for column in schema.columns)
