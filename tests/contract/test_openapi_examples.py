"""Everything in the published contract is described, has an example, and the examples are true to their schemas."""

import re
from urllib.parse import quote

import jsonschema_rs
import pytest

from app.kit.web import sparse
from app.main import create_app
from app.settings import Settings

BOUNDS_OF_OTHERS = {"ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "nullable"}
"""Words of pydantic and of older OpenAPI that mean nothing in a JSON Schema."""


@pytest.fixture(scope="module")
def document():
    return create_app(Settings(_env_file=None)).openapi()


@pytest.fixture(scope="module")
def check(document):
    """A check of a value against the schema at a place in the document."""
    registry = jsonschema_rs.Registry([("urn:contract", document)], draft=jsonschema_rs.Draft202012)

    def checking(value, *place):
        pointer = quote("/".join(str(part).replace("~", "~0").replace("/", "~1") for part in place))
        validator = jsonschema_rs.Draft202012Validator({"$ref": f"urn:contract#/{pointer}"}, registry=registry)
        return [f"{'.'.join(map(str, place))}: {error.message}" for error in validator.iter_errors(value)]

    return checking


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def contents(operation):
    """Every body of an operation: what it is, its media type and its content."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", media_type, content
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield status, media_type, content


def parts(node):
    yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from parts(part)


def test_the_document_says_whose_it_is_where_it_is_served_and_that_it_is_public(document):
    assert document["info"]["contact"]["name"]
    assert document["info"]["license"]["identifier"]
    assert [server["url"] for server in document["servers"]] == ["/"]
    assert document["security"] == []


def test_every_operation_is_summed_up_and_says_how_it_can_be_wrong(document):
    for name, operation in operations(document):
        assert operation["summary"], name
        assert any(status.startswith("4") for status in operation["responses"]), name
        assert all(response["description"] for response in operation["responses"].values()), name


def test_every_schema_and_every_field_is_described(document):
    schemas = document["components"]["schemas"]
    bare = [name for name, schema in schemas.items() if not schema.get("description")]
    bare += [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, described in schema.get("properties", {}).items()
        if "description" not in described and "$ref" not in described
    ]

    assert bare == []


def test_every_parameter_is_described_and_has_an_example(document):
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            assert parameter.get("description"), (name, parameter["name"])
            assert {"example", "examples"} & {*parameter, *schema} or "default" in schema, (name, parameter["name"])


def test_every_body_of_json_has_an_example(document):
    for name, operation in operations(document):
        for where, media_type, content in contents(operation):
            is_described = content.get("schema") and content["schema"].get("format") != "binary"
            if media_type.endswith("json") and where[0] in "b2" and is_described:
                assert {"example", "examples"} & set(content), (name, where, media_type)


def test_examples_are_what_their_schemas_say(document, check):
    wrong = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for number, parameter in enumerate(operation.get("parameters", [])):
                if "example" in parameter:
                    wrong += check(parameter["example"], "paths", path, method, "parameters", number, "schema")
            for where, media_type, content in contents(operation):
                if "example" in content and content.get("schema"):
                    body = ("requestBody",) if where == "body" else ("responses", where)
                    wrong += check(content["example"], "paths", path, method, *body, "content", media_type, "schema")

    assert wrong == []


def test_examples_of_fields_are_what_the_fields_may_be(document, check):
    wrong = []
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            for value in described.get("examples", []):
                wrong += check(value, "components", "schemas", name, "properties", field)

    assert wrong == []


def test_schemas_are_schemas(document):
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
        for part in parts(schema):
            if isinstance(part, dict) and ({"type", "anyOf", "$ref"} & set(part)) and "properties" not in part:
                assert not BOUNDS_OF_OTHERS & set(part), name


def test_patterns_are_those_of_every_language(document):
    """What is escaped needlessly is refused by regular expressions of JavaScript with the flag u."""
    for part in parts(document):
        if isinstance(part, dict) and isinstance(part.get("pattern"), str):
            assert not re.search(r"""\\["'<>@!#%&,:;=`~]""", part["pattern"]), part["pattern"]


def test_what_can_be_sparse_says_which_fields_there_are_and_comes_as_what_it_is(document):
    seen = 0
    for name, operation in operations(document):
        stated = [part for part in operation.get("parameters", []) if part["name"] == sparse.PARAMETER]
        content = operation["responses"].get("200", {}).get("content", {})
        assert bool(stated) == (sparse.MEDIA_TYPE in content), name
        for parameter in stated:
            seen += 1
            whole, thinned = content["application/json"]["schema"], content[sparse.MEDIA_TYPE]["schema"]
            assert thinned["$ref"].replace("/Sparse", "/") == whole["$ref"], name
            names = parameter["schema"]["items"]["enum"]
            assert fields_of(document, whole) == names, name
            assert set(parameter["example"]) < set(names), name
    assert seen > 15


def fields_of(document, schema):
    """Names of the fields of a page's items, or of the thing itself."""
    schemas = document["components"]["schemas"]
    fields = schemas[schema["$ref"].rpartition("/")[2]]["properties"]
    item = fields.get("items", {}).get("items", {}).get("$ref")
    return list(schemas[item.rpartition("/")[2]]["properties"] if item else fields)


def test_answers_say_which_headers_programs_may_go_by(document):
    for name, operation in operations(document):
        response = operation["responses"].get("200", {})
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if schema:
            wanted = {"ETag", "Link"} if "/Page_" in str(schema) else {"ETag"}
            assert wanted <= set(response["headers"]), name
