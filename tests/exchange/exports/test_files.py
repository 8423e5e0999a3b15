"""Exports as their readers find them: the same rows in every form, the same as the API's, masked in all of them."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from app.core.vocabulary import PackageKind
from app.exchange.exports.columns import PACKAGES
from app.exchange.exports.forms.protocol import Heading
from app.exchange.exports.forms.xlsx_form import XlsxForm
from app.exchange.exports.layout import Spelling, line_of
from app.kit.db import open_database
from app.kit.json import loads
from app.main import create_app
from app.settings import Settings
from tests.access.callers import issue
from tests.conftest import NOW
from tests.records import a_record, an_award, cloned, door_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
PHONE, MAIL, NPWP = "0812-3456-7890", "siti@contoh.example", "01.234.567.8-901.000"
FORMS = ("csv", "ndjson", "xlsx", "parquet")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(server, template):
    with cloned(server, template) as urls:
        opened = open_database(urls.app, pool_size=3)
        await fill(opened)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(database):
    """A public caller of an API whose packages stay as they are."""
    app = create_app(
        Settings(
            _env_file=None, database_url=database.engine.url.render_as_string(hide_password=False), log_level="error"
        )
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller,
    ):
        yield caller
        assert app.state.exports.database.engine.pool.checkedout() == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def province_key(database):
    return (await issue(database, "province")).secret


async def fill(database):
    door = await door_of(database)
    await door.record(
        a_record(
            "1",
            name=f"Hubungi {PHONE}",
            labels=["Tender Ulang", "Label, dua"],
            fund_sources=["APBD", "BLUD"],
            pagu=Decimal("123456789012345.67"),
            awards=[
                an_award(
                    "CV Contoh", npwp=NPWP, address=f"Jl. Mawar, surel {MAIL}", contract_value=Decimal("800000.25")
                ),
                an_award("PT Khayalan", contract_value=Decimal("100000.50")),
            ],
            announced_at=datetime(2025, 7, 1, 17, 30, 15, tzinfo=UTC),
            created_on=date(2025, 6, 30),
        ),
        a_record("2", name='=cmd("x")', reason="baris satu\nbaris dua", locations=['Kota "Contoh"']),
        a_record("3", kind=PackageKind.NON_TENDER, name=None, awards=[], fiscal_years=[2024, 2025]),
    )


async def rows_of(client, dataset, form, query="", **headers):
    answer = await client.get(f"/api/v1/exports/{dataset}.{form}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    body = answer.content
    match form:
        case "csv":
            rows = list(csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True))
        case "ndjson":
            rows = [loads(line) for line in body.splitlines()]
        case "xlsx":
            sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
            heading, *cells = sheet.iter_rows(values_only=True)
            rows = [dict(zip(heading, row, strict=True)) for row in cells]
        case _:
            rows = pq.read_table(io.BytesIO(body)).to_pylist()
    assert int(answer.headers["x-export-rows"]) == len(rows)
    return rows


async def listed(client, query=""):
    return loads((await client.get(f"/api/v1/packages{query}")).content)["items"]


async def test_json_lines_are_the_items_of_the_list(client):
    items = await listed(client)

    rows = await rows_of(client, "packages", "ndjson")

    for row, item in zip(rows, items, strict=True):
        for moment in ("first_seen_at", "last_seen_at", "changed_at", "announced_at", "awarded_at"):
            row[moment], item[moment] = (
                value and datetime.fromisoformat(value) for value in (row[moment], item[moment])
            )
        assert row == {name: value for name, value in item.items() if name in row}
        assert item.keys() - row.keys() == {"awards"}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_masks_what_identifies_a_person(client, province_key, form):

    packages, awards = [await rows_of(client, dataset, form) for dataset in ("packages", "awards")]

    assert packages[0]["name"] == "Hubungi ****-****-****"
    assert awards[0]["address"] == "Jl. Mawar, surel ***@***"
    assert awards[0]["npwp"] == "0*.2*4.*6*.8-***.***"
    for secret in (PHONE, MAIL, NPWP):
        assert secret not in str(packages) + str(awards)
    whole = await rows_of(client, "awards", form, Authorization=f"Bearer {province_key}")
    assert (whole[0]["npwp"], whole[0]["name"]) == (NPWP, f"Hubungi {PHONE}")


async def test_a_spreadsheet_has_real_numbers_and_dates_and_no_formula(client):
    answer = await client.get("/api/v1/exports/packages.xlsx")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book["packages"]
    columns = {cell.value: cell.column for cell in sheet[1]}

    def cell(row, name):
        return sheet.cell(row + 1, columns[name])

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(len(columns))}4"
    assert (cell(2, "pagu").value, cell(2, "pagu").number_format) == (1000000, "#,##0.00")
    assert cell(1, "announced_at").value == datetime(2025, 7, 1, 17, 30, 15)
    assert cell(1, "created_on").value == datetime(2025, 6, 30)
    assert (cell(1, "withdrawn").value, cell(1, "labels").value) == (False, "Tender Ulang|Label, dua")
    # More digits than a spreadsheet program keeps are text.
    assert cell(1, "pagu").value == "123456789012345.67"
    assert (cell(2, "name").value, cell(2, "name").data_type) == ('=cmd("x")', "s")
    info = {row[0]: row[1] for row in book["Info"].iter_rows(values_only=True) if row[0]}
    assert info["Jumlah baris / Rows"] == "3"
    assert info["Saat data / Moment"] == answer.headers["x-export-moment"]
    assert info["pagu"] == "Pagu."


async def test_a_full_sheet_is_followed_by_another():
    row = {column.name: None for column in PACKAGES.columns} | {
        "node": "surabaya", "kind": "tender", "labels": [], "locations": [], "fund_sources": [], "rup_codes": [], "fiscal_years": [],
    }  # fmt: skip
    file = io.BytesIO()
    form = XlsxForm(file, PACKAGES, Heading("packages", NOW, 5, None, {}, masked=True), last_row=3)
    form.write([line_of(PACKAGES, {**row, "code": str(number)}, Spelling.JSON) for number in range(5)])
    form.close()

    book = openpyxl.load_workbook(file)

    assert book.sheetnames == ["packages", "packages 2", "packages 3", "Info"]
    assert [[cell.value for cell in sheet["C"]] for sheet in book.worksheets[:3]] == [
        ["code", "0", "1"], ["code", "2", "3"], ["code", "4"],
    ]  # fmt: skip


async def test_parquet_has_honest_types_and_says_of_when_it_is(client):
    answer = await client.get("/api/v1/exports/packages.parquet")

    table = pq.read_table(io.BytesIO(answer.content))
    types = {field.name: field.type for field in table.schema}

    assert types["pagu"] == pa.decimal128(20, 2)
    assert types["announced_at"] == pa.timestamp("us", "UTC")
    assert types["created_on"] == pa.date32()
    assert types["labels"] == pa.list_(pa.string())
    assert types["fiscal_years"] == pa.list_(pa.int32())
    assert types["withdrawn"] == pa.bool_()
    first, _second, third = table.to_pylist()
    assert first["pagu"] == Decimal("123456789012345.67")
    assert first["labels"] == ["Tender Ulang", "Label, dua"]
    assert first["announced_at"] == datetime(2025, 7, 1, 17, 30, 15, tzinfo=UTC)
    assert (third["name"], third["fiscal_years"]) == (None, [2024, 2025])
    said = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert datetime.fromisoformat(said["rakor.moment"]) == datetime.fromisoformat(answer.headers["x-export-moment"])
    assert (said["rakor.rows"], said["rakor.masked"]) == ("3", "true")


async def test_a_csv_is_safe_and_gives_its_texts_back(client):

    _first, second, third = await rows_of(client, "packages", "csv")
    marked = await client.get("/api/v1/exports/packages.csv?bom=true")

    assert second["name"] == '\'=cmd("x")'
    assert (second["reason"], second["locations"]) == ("baris satu\nbaris dua", 'Kota "Contoh"')
    assert (third["name"], third["fiscal_years"], third["withdrawn"]) == ("", "2024|2025", "false")
    assert second["awarded_at"] == "2025-07-10T04:00:00Z"
    assert marked.content.startswith("\ufeffnode,kind,code,name".encode())
    assert marked.headers["content-disposition"].startswith('attachment; filename="rakor-packages-20')


async def test_filters_are_those_of_the_list(client):
    for query in (
        "?kind=non_tender", "?fiscal_year=2025&node=surabaya", "?node=gresikkab", "?pagu_min=1000001", "?known=category&region=35.78",
        "?q=Contoh", "?q=Hubungi -7890", "?q=7890", "?supplier=1", "?repeated=true", "?as_of=2026-03-02T05:00:00Z",
        "?as_of=2026-03-02T05:00:00Z&kind=tender&q=hubungi", "?as_of=2026-01-01", "?fund_sources=APBD,BLUD", "?changed_from=2026-03-01T00:00:00Z",
    ):  # fmt: skip
        items = await listed(client, query)

        rows = await rows_of(client, "packages", "ndjson", query)
        awards = await rows_of(client, "awards", "ndjson", query)

        assert [row["code"] for row in rows] == [item["code"] for item in items], query
        assert [(row["code"], row["supplier_name"], row["value"]) for row in awards] == [
            (item["code"], award["supplier_name"], award["value"]) for item in items for award in item["awards"]
        ], query


@pytest.mark.parametrize("form", FORMS)
async def test_the_sums_of_an_export_are_the_savings_of_the_api(client, form):
    savings = loads((await client.get("/api/v1/statistics/savings")).content)["total"]["by_pagu"]

    rows = await rows_of(client, "packages", form, "?status=completed&known=value&known=pagu&withdrawn=false")

    assert len(rows) == savings["packages"]
    assert sum(Decimal(str(row["pagu"])) for row in rows) == savings["pagu"]
    assert sum(Decimal(str(row["value"])) for row in rows) == savings["value"]


@pytest.mark.parametrize(
    "figure", ["savings", "packages", "competition", "timeliness", "absorption", "pdn-umk", "coverage"]
)
async def test_figures_are_those_of_the_api(client, figure):
    query = "group_by=node,kind,fund_sources&fiscal_year=2025&compare=previous_year"
    items = loads((await client.get(f"/api/v1/statistics/{figure}?{query}")).content)["items"]

    rows = await rows_of(client, "statistics", "ndjson", f"?figure={figure}&{query}")
    tables = [await rows_of(client, "statistics", form, f"?figure={figure}&{query}") for form in FORMS]

    assert {len(table) for table in tables} == {len(items)}
    for row, item in zip(rows, items, strict=True):
        flat = flattened(item)
        assert row.pop("figure") == figure
        assert {name: row[name] for name in flat} == flat
        assert not any(value for name, value in row.items() if name not in flat)


@pytest.mark.parametrize(
    "query", ["", "?group_by=node,fund_sources", "?figure=timeliness&compare=previous_year&fiscal_year=2025"]
)
async def test_a_figure_leads_to_what_describes_its_columns(client, query):
    answer = await client.get(f"/api/v1/exports/statistics.csv{query}")

    schema = (await client.get(answer.links["describedby"]["url"])).json()
    assert [field["name"] for field in schema["fields"]] == next(csv.reader(io.StringIO(answer.text, newline="")))


def flattened(figure, prefix=""):
    flat = {}
    for name, value in figure.items():
        if isinstance(value, dict):
            flat |= flattened(value, f"{prefix}{name}_")
        elif name != "previous":
            flat[f"{prefix}{name}"] = value
    return flat


async def test_nodes_are_those_of_the_register(client):
    items = loads((await client.get("/api/v1/nodes?province=35&limit=1000")).content)["items"]

    for form in FORMS:
        rows = await rows_of(client, "nodes", form, "?province=35")

        assert [row["slug"] for row in rows] == [item["slug"] for item in items]
        assert [row["name"] for row in rows] == [item["name"] for item in items]


async def test_head_says_how_many_without_sending_any(client):
    for form in FORMS:
        answer = await client.head(f"/api/v1/exports/packages.{form}")

        assert (answer.status_code, answer.headers["x-export-rows"], answer.content) == (200, "3", b"")


@pytest.mark.parametrize(
    "address", ["packages.csv?nod=x", "packages.csv?node=A&limit=5", "packages.pdf", "awards.csv?fiscal_year=1", "statistics.csv?figure=x", "nodes.csv?state=x"]
)  # fmt: skip
async def test_what_is_asked_wrongly_is_refused(client, address):
    answer = await client.get(f"/api/v1/exports/{address}")

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
