"""The published contract: current, complete, and usable by generated clients."""

import json
import re
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from app.statistics.questions import Dimension

PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"
# A field that is not always there, and why.
KEYS = {str(dimension) for dimension in Dimension}
MAY_BE_ABSENT = {
    # Only the keys of group_by, and last year's figure only for who compares.
    **{
        f"{name}Item": KEYS | {"previous"}
        for name in ("Savings", "Packages", "Competition", "Timeliness", "Absorption", "PdnUmk", "Coverage")
    },
    "Problem": {"errors"},  # only where a request is malformed
    # A change is of one thing, and carries that one.
    "ChangeRead": {"package", "node", "run", "reported_figures"},
    # OCDS leaves out what there is not.
    "ReleasePackageRead": {"license", "links"},
    "RecordPackageRead": {"license", "links"},
    "PublisherRead": {"uri"},
    "LinksRead": {"next", "prev"},
}
AMOUNTS = {
    "pagu", "hps", "value", "savings", "contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value", "pdn_value", "umk_value",
    "realized_value",
}  # fmt: skip


@pytest.fixture(scope="module")
def document():
    return create_app(Settings(_env_file=None)).openapi()


@pytest.fixture(scope="module")
def schemas(document):
    return document["components"]["schemas"]


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def written_in_bodies(document):
    """Names of the schemas that travel inward, also inside of others."""
    bodies = [operation.get("requestBody", {}) for _path, _method, operation in operations(document)]
    found, waiting = set(), mentioned_in(bodies)
    while waiting:
        found |= waiting
        waiting = mentioned_in([document["components"]["schemas"][name] for name in waiting]) - found
    return {name for name in found if document["components"]["schemas"][name]["type"] == "object"}


def mentioned_in(parts):
    return set(re.findall(r"#/components/schemas/(\w+)", json.dumps(parts)))


def test_the_committed_contract_is_the_one_that_is_served(document):
    assert PUBLISHED.exists(), "write it with: rakor openapi --write openapi/openapi.json"
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == document, (
        "stale: rakor openapi --write openapi/openapi.json"
    )


def test_it_is_openapi_31(document):
    assert document["openapi"].startswith("3.1")


def test_every_operation_has_a_name_of_its_own_that_can_be_read_aloud(document):
    names = [operation["operationId"] for _path, _method, operation in operations(document)]

    assert len(set(names)) == len(names) > 15
    assert all(name.isidentifier() and name.islower() for name in names)


def test_every_operation_says_what_it_does_and_belongs_somewhere(document):
    known = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert len(operation.get("description", "")) > 15, (method, path)
        assert set(operation["tags"]) <= known, (method, path)
        assert len(operation["tags"]) == 1, (method, path)


def test_everything_that_is_mentioned_exists(document, schemas):
    mentioned = set(str(document).split("#/components/schemas/")[1:])
    names = {text.split("'")[0] for text in mentioned}

    assert names <= set(schemas)
    assert set(schemas) <= names
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)


def test_every_refusal_is_a_problem(document):
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status == "default" or status[0] in "45":
                if path == "/readyz":
                    continue
                assert answer["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, (method, path, status)
                assert answer["description"]


def test_every_operation_of_the_api_says_how_it_fails(document):
    for path, method, operation in operations(document):
        if path.startswith("/api/"):
            assert "default" in operation["responses"], (method, path)
        security = operation.get("security", [{}])
        if method != "get":
            assert {} not in security, (method, path)
        # A public read may be asked with a key, and says so by the empty alternative.
        if {} not in security:
            assert "401" in operation["responses"], (method, path)


OFFENDING = {"ProblemRead", "SparseProblemRead", "SubmissionProblemRead", "SparseSubmissionProblemRead", "RemarkRead"}
"""Where `value` is the offending text."""


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_an_amount_is_a_number(schemas):
    seen = set()
    for name, schema in schemas.items():
        for field, described in schema.get("properties", {}).items():
            if field in AMOUNTS and name not in OFFENDING:
                seen.add(field)
                kinds = {option["type"] for option in described.get("anyOf", [])} or set(as_list(described["type"]))
                assert kinds <= {"integer", "number", "null"}, (name, field)
            if field == "ratio":
                assert described["type"] == ["number", "null"], name
    assert seen == AMOUNTS


def test_no_bound_of_an_amount_is_a_text(document):
    for path, _method, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["name"].startswith(("value_m", "pagu_m")):
                kinds = {option.get("type") for option in parameter["schema"]["anyOf"]}
                assert kinds == {"number", "null"}, (path, parameter["name"])


def test_what_is_read_has_every_field_always(document, schemas):
    for name in set(schemas) - written_in_bodies(document):
        schema = schemas[name]
        absent = set(schema.get("properties", {})) - set(schema.get("required", []))
        if name.startswith("Sparse") and "required" not in schema:
            continue  # only the fields asked for
        assert absent == MAY_BE_ABSENT.get(name, set()), name


def test_what_is_written_refuses_unknown_fields(document, schemas):
    inward = written_in_bodies(document)

    assert {"NodeCreate", "NodeUpdate", "RunCreate", "RunBatchCreate"} <= inward
    assert all(schemas[name]["additionalProperties"] is False for name in inward)


def test_every_list_is_a_page(document):
    for path, _method, operation in operations(document):
        if operation["operationId"].startswith("list_"):
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            assert answer.rpartition("/")[2].startswith("Page_"), path
            assert {"limit", "after", "fields"} <= {parameter["name"] for parameter in operation["parameters"]}, path


def test_the_paths_of_the_contract_are_there(document):
    expected = {
        "/api/v1": {"get"},
        "/api/v1/regions": {"get"},
        "/api/v1/regions/{code}": {"get"},
        "/api/v1/institutions": {"get"},
        "/api/v1/nodes": {"get", "post"},
        "/api/v1/nodes/{node}": {"get", "patch", "delete"},
        "/api/v1/nodes/{node}/runs": {"get", "post"},
        "/api/v1/runs/{id}": {"get"},
        "/api/v1/runs/{id}/problems": {"get"},
        "/api/v1/packages": {"get"},
        "/api/v1/packages/{node}/{kind}/{code}": {"get"},
        "/api/v1/packages/{node}/{kind}/{code}/history": {"get"},
        "/api/v1/statistics/savings": {"get"},
        "/livez": {"get"},
        "/readyz": {"get"},
    }
    for path, methods in expected.items():
        assert methods <= set(document["paths"][path]), path
