"""How packages of OCDS look in the contract; what is inside of releases is the standard's own schema."""

from typing import Annotated

from pydantic import Field

from app.kit.web.schema import JSONObject, Schema

_RELEASE = {"ocid": "ocds-000000-surabaya.tender.10102584000", "tag": ["planning", "tender"]}


class PublisherRead(Schema):
    """Who publishes."""

    name: Annotated[str, Field(examples=["Rakor"])]
    uri: Annotated[str, Field(examples=["https://rakor.contoh.go.id"])] = ""


class LinksRead(Schema):
    """The neighbours of a page; one that is not there is left out."""

    next: Annotated[str, Field(description="Where to go on.")] = ""
    prev: Annotated[str, Field(description="The page before.")] = ""


class PackageHead(Schema):
    """What release packages and record packages have in common."""

    uri: Annotated[str, Field(examples=["https://rakor.contoh.go.id/api/v1/ocds/releases?limit=100"])]
    version: Annotated[str, Field(description="Of OCDS.", examples=["1.1"])]
    extensions: Annotated[list[str], Field(description="Where the extensions that are used are described.")]
    published_date: Annotated[
        str,
        Field(
            alias="publishedDate",
            description="The last change of what is in it.",
            examples=["2026-03-02T03:04:05.000000Z"],
        ),
    ]
    publisher: PublisherRead
    license: Annotated[str, Field(examples=["https://creativecommons.org/licenses/by/4.0/"])] = ""
    links: LinksRead = LinksRead()


class ReleasePackageRead(PackageHead):
    """A release package of OCDS 1.1."""

    releases: Annotated[
        list[JSONObject], Field(description="By the release schema of OCDS 1.1.", examples=[[_RELEASE]])
    ]


class RecordPackageRead(PackageHead):
    """A record package of OCDS 1.1."""

    records: Annotated[
        list[JSONObject],
        Field(
            description="Each with its `ocid`, all its `releases` and the `compiledRelease` that they come to; of a single "
            "record also the `versionedRelease`.",
            examples=[[{"ocid": _RELEASE["ocid"]}]],
        ),
    ]


class BulkFileRead(Schema):
    """One file of a fiscal year."""

    url: str
    content: Annotated[
        str, Field(description="compiled releases, or records with all releases.", examples=["compiled"])
    ]
    media_type: Annotated[str, Field(examples=["application/x-ndjson"])]


class BulkYearRead(Schema):
    """All contracting processes of a fiscal year."""

    year: Annotated[int, Field(examples=[2025])]
    processes: Annotated[int, Field(description="How many lines its files have now.", examples=[1200])]
    changed_at: Annotated[str, Field(description="The last change of any of them.")]
    files: list[BulkFileRead]


class BulkIndexRead(Schema):
    """What can be downloaded whole."""

    years: list[BulkYearRead]


class CrawlerCodeRead(Schema):
    """One LPSE, as crawlers of opentender.net read it."""

    code: Annotated[str, Field(description="kd_lpse, or the node's slug where it has none.", examples=["10"])]
    name: Annotated[str, Field(examples=["LPSE Kota Surabaya"])]


class CrawlerCodesRead(Schema):
    """LPSE that have packages of a year. Older crawlers read the same list as `data`."""

    results: list[CrawlerCodeRead]
    data: list[CrawlerCodeRead]
