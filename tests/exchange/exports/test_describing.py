"""Datasets as programs find them described: every column of every file, and where each file is."""

import csv
import io

import pytest

from app.exchange.exports.describing import Publisher
from app.exchange.exports.figures import FIGURES, figure_layout
from app.exchange.exports.layout import Type
from app.kit.json import loads
from app.statistics import figure_schemas
from app.statistics.figures import STATISTICS
from tests.records import a_record, door_of


async def fetched(client, address):
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)


async def test_every_column_of_a_csv_is_described_in_its_schema(client, database):
    await (await door_of(database)).record(a_record())
    package = await fetched(client, "/api/v1/exports/datapackage.json")

    for resource in package["resources"]:
        if resource["format"] != "csv":
            continue
        body = (await client.get(resource["path"])).text
        heading = next(csv.reader(io.StringIO(body, newline="")))
        assert [field["name"] for field in resource["schema"]["fields"]] == heading, resource["name"]
        assert resource["encoding"] == "utf-8"


async def test_schemas_are_the_same_wherever_they_stand(client, database):
    package = await fetched(client, "/api/v1/exports/datapackage.json")
    schemas = {resource["name"]: resource["schema"] for resource in package["resources"] if "schema" in resource}

    for name in ("packages", "awards", "nodes"):
        assert await fetched(client, f"/api/v1/exports/{name}.schema.json") == schemas[name]
    query = "figure=competition&group_by=node,fiscal_year,kind"
    assert await fetched(client, f"/api/v1/exports/statistics.schema.json?{query}") == schemas["statistics-competition"]
    assert schemas["packages"]["primaryKey"] == ["node", "kind", "code"]
    assert schemas["awards"]["foreignKeys"][0]["reference"]["resource"] == "packages"
    types = {field["name"]: field["type"] for field in schemas["packages"]["fields"]}
    assert (types["pagu"], types["awarded_at"], types["withdrawn"], types["labels"]) == (
        "number",
        "datetime",
        "boolean",
        "string",
    )


async def test_all_that_is_offered_can_be_had(client, database):
    await (await door_of(database)).record(a_record())
    catalogue = await fetched(client, "/api/v1/exports/catalogue.jsonld")
    package = await fetched(client, "/api/v1/exports/datapackage.json")

    offered = {
        distribution["dcat:downloadURL"]["@id"]: distribution["dcat:mediaType"]
        for dataset in catalogue["dcat:dataset"]
        for distribution in dataset["dcat:distribution"]
    }
    assert offered == {resource["path"]: resource["mediatype"] for resource in package["resources"]}
    for address, media_type in offered.items():
        if "packages." not in address and ".csv" not in address:
            continue  # Every form once, every dataset once.
        answer = await client.head(address)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
    for dataset in catalogue["dcat:dataset"]:
        for distribution in dataset["dcat:distribution"]:
            if "dct:conformsTo" in distribution:
                assert (await client.get(distribution["dct:conformsTo"]["@id"])).status_code == 200


async def test_datasets_are_listed_page_by_page(client):
    first = await fetched(client, "/api/v1/exports?limit=3")
    second = await fetched(client, f"/api/v1/exports?limit=3&after={first['next']}")

    assert [item["dataset"] for item in first["items"] + second["items"]] == [
        "awards",
        "nodes",
        "packages",
        "statistics",
    ]
    assert second["next"] is None
    for item in first["items"] + second["items"]:
        assert set(item["files"]) == {"csv", "ndjson", "xlsx", "parquet"}
        assert (await client.get(item["table_schema"])).status_code == 200


async def test_the_publisher_is_named_with_the_licence(client, api):
    api.state.publisher = Publisher(
        "Provinsi Contoh", "https://contoh.example", "https://contoh.example/lisensi", "https://data.contoh.example/"
    )
    package = await fetched(client, "/api/v1/exports/datapackage.json")
    catalogue = await fetched(client, "/api/v1/exports/catalogue.jsonld")

    assert package["licenses"] == [{"path": "https://contoh.example/lisensi"}]
    assert package["resources"][0]["path"].startswith("https://data.contoh.example/api/v1/exports/awards.")
    assert catalogue["dct:publisher"]["foaf:name"] == "Provinsi Contoh"


MODELS = {
    "savings": "Savings", "packages": "Packages", "competition": "Competition", "timeliness": "Timeliness",
    "absorption": "Absorption", "pdn-umk": "PdnUmk", "coverage": "Coverage",
}  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES)
def test_numbers_of_figures_have_the_types_of_the_contract(figure):
    schema = getattr(figure_schemas, f"{MODELS[figure]}Figure").model_json_schema()
    nothing = STATISTICS[figure].figure(dict.fromkeys(STATISTICS[figure].measures, 0))

    found = {column.name: column.type for column in figure_layout(figure, ()).after}

    assert found == dict(typed(schema, schema, nothing))


def typed(document, schema, figure, prefix=""):
    for name, value in figure.items():
        part = schema["properties"][name] if "properties" in schema else schema["additionalProperties"]
        part = document["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        if isinstance(value, dict):
            yield from typed(document, part, value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", type_of(part)


def type_of(part):
    kinds = {option.get("type") for option in part.get("anyOf", [])} or {
        part["type"] if isinstance(part["type"], str) else part["type"][0]
    }
    if "boolean" in kinds:
        return Type.FLAG
    if "integer" in kinds:
        return Type.WHOLE
    text = part.get("description", "") + str(part.get("examples"))
    if "0.071234" in text:
        return Type.SHARE
    return Type.SUM if "165146000" in text else Type.DAYS
