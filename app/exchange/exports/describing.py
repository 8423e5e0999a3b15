"""Datasets described for programs that know nothing of this hub: Frictionless schemas and package, a DCAT catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from app.exchange.exports.datasets import DATASETS, USUAL_GROUPS, Dataset, DatasetName
from app.exchange.exports.figures import FIGURES, figure_layout
from app.exchange.exports.forms.csv_form import ITEM
from app.exchange.exports.forms.protocol import MEDIA_TYPES, Form
from app.exchange.exports.layout import Column, Layout, Type
from app.kit.json import iso_utc
from app.statistics.figures import STATISTICS

PATH = "api/v1/exports"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes, under which licence, and by which address the hub is known outside, where that is settled."""

    name: str
    url: str | None = None
    license: str | None = None
    public_url: str | None = None

    def base_url(self, asked: str) -> str:
        """Where links begin, with a slash at its end."""
        return f"{(self.public_url or asked).rstrip('/')}/"


_TYPES = {
    Type.WHOLE: "integer",
    Type.AMOUNT: "number",
    Type.SUM: "number",
    Type.SHARE: "number",
    Type.DAYS: "number",
    Type.FLAG: "boolean",
    Type.MOMENT: "datetime",
    Type.DATE: "date",
}
_DIALECT = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
_FILE_TYPE = {Form.CSV: "CSV", Form.NDJSON: "JSONL", Form.XLSX: "XLSX", Form.PARQUET: "PARQUET"}


def table_schema(layout: Layout, dataset: Dataset | None = None) -> dict[str, Any]:
    """The columns of the CSV by the Table Schema standard."""
    schema: dict[str, Any] = {"fields": [_field(column) for column in layout.columns], "missingValues": [""]}
    if dataset is not None and dataset.key:
        schema["primaryKey"] = list(dataset.key)
    if dataset is not None and dataset.refers is not None:
        key = list(DATASETS[DatasetName(dataset.refers)].key)
        schema["foreignKeys"] = [{"fields": key, "reference": {"resource": dataset.refers, "fields": key}}]
    return schema


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.type, "string"),
        "title": column.indonesian,
        "description": column.english,
    }
    if column.words and column.type is Type.WORD:
        field["constraints"] = {"enum": list(column.words)}
    if column.type in {Type.TEXTS, Type.YEARS}:
        # A list type of this standard would be JSON in a cell, which nobody wants to read in a spreadsheet.
        field["itemSeparator"] = ITEM
    return field


def data_package(base_url: str, publisher: Publisher, *, now: datetime) -> dict[str, Any]:
    """Everything that can be taken away as one package (Frictionless Data Package 1)."""
    return {
        "profile": "data-package",
        "name": "rakor",
        "title": "Data terbuka pengadaan / Open procurement data",
        "description": "Paket, pemenang, LPSE, dan statistik. / Packages, winners, nodes and figures.",
        "homepage": base_url,
        "contributors": [
            {"title": publisher.name, "role": "publisher", **({"path": publisher.url} if publisher.url else {})}
        ],
        **({"licenses": [{"path": publisher.license}]} if publisher.license else {}),
        "created": iso_utc(now),
        "resources": list(_resources(base_url)),
    }


def _resources(base_url: str) -> Iterator[dict[str, Any]]:
    for name, dataset, layout, query in _described():
        # Only the CSV is a table by this standard's schema; the other forms carry their types themselves.
        for form in Form:
            resource: dict[str, Any] = {
                "name": name if form is Form.CSV else f"{name}-{form}",
                "path": f"{base_url}{PATH}/{dataset.name}.{form}{query}",
                "title": dataset.title[0],
                "description": dataset.description[0],
                "format": str(form),
                "mediatype": MEDIA_TYPES[form].partition(";")[0],
            }
            if form is Form.CSV:
                table = {"profile": "tabular-data-resource", "encoding": "utf-8", "dialect": _DIALECT}
                yield {**resource, **table, "schema": table_schema(layout, dataset)}
            else:
                yield {**resource, "profile": "data-resource"}


def _described() -> Iterator[tuple[str, Dataset, Layout, str]]:
    """Each dataset by a name of its own, and the words behind its address."""
    for dataset in DATASETS.values():
        if dataset.name is not DatasetName.STATISTICS:
            yield str(dataset.name), dataset, dataset.layout, ""
            continue
        for figure in FIGURES:
            asked = {"figure": figure, "group_by": ",".join(USUAL_GROUPS)}
            yield f"statistics-{figure}", dataset, figure_layout(figure, USUAL_GROUPS), f"?{urlencode(asked, safe=',')}"


def catalogue(base_url: str, publisher: Publisher, *, now: datetime) -> dict[str, Any]:
    """The same as a DCAT catalogue in JSON-LD."""
    agent = {"@type": "foaf:Agent", "@id": publisher.url or f"{base_url}#publisher", "foaf:name": publisher.name}
    return {
        "@context": _CONTEXT,
        "@id": f"{base_url}{PATH}/catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _both(("Data terbuka pengadaan", "Open procurement data")),
        "dct:description": _both(
            ("Paket, pemenang, LPSE, dan statistik pengadaan.", "Packages, winners, nodes and figures of procurement.")
        ),
        "dct:publisher": agent,
        "dct:language": ["id", "en"],
        "dct:modified": {"@type": "xsd:dateTime", "@value": iso_utc(now)},
        "foaf:homepage": {"@id": base_url},
        "dcat:dataset": [_dataset(base_url, publisher, agent, *described) for described in _described()],
        "dcat:service": [
            {
                "@type": "dcat:DataService",
                "@id": f"{base_url}api/v1",
                "dct:title": _both(("API Rakor", "The API of Rakor")),
                "dcat:endpointURL": {"@id": f"{base_url}api/v1"},
                "dcat:endpointDescription": {"@id": f"{base_url}openapi.json"},
            }
        ],
    }


def _dataset(
    base_url: str,
    publisher: Publisher,
    agent: dict[str, Any],
    name: str,
    dataset: Dataset,
    _layout: Layout,
    query: str,
) -> dict[str, Any]:
    is_figure = dataset.name is DatasetName.STATISTICS
    title = dataset.title
    if is_figure:
        formula = STATISTICS[name.removeprefix("statistics-")].formula
        title = (f"{title[0]}: {formula.title['id']}", f"{title[1]}: {formula.title['en']}")
    address = f"{base_url}{PATH}/{dataset.name}"
    return {
        "@type": "dcat:Dataset",
        "@id": f"{base_url}{PATH}/catalogue.jsonld#{name}",
        "dct:identifier": name,
        "dct:title": _both(title),
        "dct:description": _both(dataset.description),
        "dct:publisher": agent,
        "dct:language": ["id"],
        "dct:spatial": {"@id": "http://sws.geonames.org/1643084/"},
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/CONT"},
        "dcat:keyword": list(dataset.keywords),
        "dcat:theme": [{"@id": "http://publications.europa.eu/resource/authority/data-theme/GOVE"}],
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "@id": f"{address}.{form}{query}",
                "dct:title": f"{title[0]} ({form})",
                "dct:format": {"@id": f"{_FILE_TYPES}{_FILE_TYPE[form]}"},
                "dcat:mediaType": MEDIA_TYPES[form].partition(";")[0],
                "dcat:accessURL": {"@id": f"{address}.{form}{query}"},
                "dcat:downloadURL": {"@id": f"{address}.{form}{query}"},
                **({"dct:license": {"@id": publisher.license}} if publisher.license else {}),
                **({"dct:conformsTo": {"@id": f"{address}.schema.json{query}"}} if form is Form.CSV else {}),
            }
            for form in Form
        ],
    }


def _both(words: tuple[str, str]) -> list[dict[str, str]]:
    return [{"@language": "id", "@value": words[0]}, {"@language": "en", "@value": words[1]}]
