"""What a copy is refused, or refuses: hubs that are none, or mean harm; databases that are not there, or somebody else's."""

import asyncio
import gzip
import threading
import zlib
from contextlib import contextmanager, suppress

import pytest
import zstandard
from typer.testing import CliRunner

from app.cli import app
from app.exchange.mirror import hub as asking
from app.exchange.mirror.keeping import connect
from app.exchange.mirror.pages import Page, _item
from app.kit.http import named
from tests.exchange.mirror.test_pages import an_item, cursor
from tests.kit.strangers import listening

BOMB = bytes(40 * 2**20)


@contextmanager
def somebody(*answers, **headers):
    """Answers whatever is asked with these bodies, the last one again and again."""
    waiting = list(answers)
    ready, over = threading.Event(), threading.Event()
    found = []

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        told = {"content-length": len(body), "content-type": "application/x-ndjson", **headers}
        status = told.pop("status", 200)
        lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def serve():
        async with listening(answer) as port:
            found.append(port)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(30)
    try:
        yield f"http://127.0.0.1:{found[0]}"
    finally:
        over.set()
        thread.join(30)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(named.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(asking, "MOST_BYTES", 2**20)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (BOMB, "identity"),
        (gzip.compress(BOMB), "gzip"),
        (zstandard.compress(BOMB), "zstd"),
    ],
    ids=["plain", "gzip", "zstd"],
)
def test_a_hub_that_sends_without_end_fills_no_memory(mirror, body, encoding):
    with somebody(body, content_encoding=encoding) as root:
        code, said = mirror(root)

    assert code == 3
    assert "larger than 1048576 bytes" in said


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"x" * 9000)[:-9], "gzip"),
        (gzip.compress(b"x") + b"more", "gzip"),
        (b"no gzip", "gzip"),
        (b"no zstd", "zstd"),
        (zlib.compress(b"x"), "deflate"),
    ],
    ids=["cut", "continued", "none", "no zstd", "deflate"],
)
def test_what_cannot_be_unpacked_is_broken_and_asked_for_again(mirror, body, encoding):
    with somebody(body, content_encoding=encoding) as root:
        code, said = mirror(root)

    assert code == 3
    assert f"Try {named.TRIES} of {named.TRIES}" in said


@pytest.mark.parametrize(
    ("answer", "headers", "what"),
    [
        (b"<html>Selamat datang</html>", {}, "no cursor and digest"),
        (b"", {"status": 302, "location": "https://lain.contoh.id"}, "points to https://lain.contoh.id"),
        (b"{}", {"status": 404, "content_type": "application/problem+json"}, "The hub refused"),
        (b"", {"status": 503}, "The hub is busy"),
    ],
)
def test_what_is_no_hub_or_says_no_is_said_in_one_line(mirror, answer, headers, what):
    with somebody(answer, **headers) as root:
        code, said = mirror(root)

    assert (code, what in " ".join(said.split())) == (3, True)


def test_a_document_that_no_table_takes_leaves_the_copy_as_it_was(mirror, target, monkeypatch):
    spoilt = an_item(1).replace("10001", "10001\\u0000")
    monkeypatch.setattr(asking, "read_page", _believed(spoilt))
    with somebody(b"") as root:
        code, said = mirror(root)

    assert (code, "cannot be kept" in said) == (3, True)
    assert target.value("SELECT count(*) FROM mirror.changes") == 0
    assert target.value("SELECT count FROM mirror.about") == 0


def _believed(line):
    """A page whose digest is right, for who can say what he likes."""
    return lambda *_, **__: Page([_item(line.encode())], cursor(1), more=False)


def test_nobody_at_the_address_is_said_after_some_tries(mirror):
    code, said = mirror("http://127.0.0.1:9")

    assert (code, "cannot be reached" in said) == (3, True)


def run(*arguments):
    result = CliRunner().invoke(app, ["mirror", *arguments])
    return result.exit_code, result.output


def test_a_database_that_is_not_there_is_said_in_one_line(hub):
    code, said = run(hub.root, "--into", "postgresql://nobody@127.0.0.1:9/copy")

    assert (code, "The database does not answer" in said) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["rakor.contoh.go.id"],
        ["https://user@rakor.contoh.go.id"],
        ["http://127.0.0.1:9", "--into", "copy"],
        ["http://127.0.0.1:9", "--verify", "--follow"],
        ["http://127.0.0.1:9", "--verify", "--resync"],
        ["http://127.0.0.1:9", "--page-size", "0"],
    ],
)
def test_a_command_that_is_not_right_ends_with_two(arguments):
    assert run(*arguments)[0] == 2


def test_a_schema_of_somebody_else_is_left_alone(hub, target, mirror):
    target.rows("CREATE SCHEMA mirror")

    code, said = mirror(hub)

    assert (code, "no copy of a hub" in said) == (2, True)


def test_a_copy_of_another_program_is_left_alone(hub, target, mirror):
    mirror(hub)
    target.rows("UPDATE mirror.about SET format = 99")

    code, said = mirror(hub)

    assert (code, "another version" in said) == (2, True)


def test_two_commands_do_not_keep_one_copy(hub, target, mirror):
    held = connect(target.url)
    try:
        code, said = mirror(hub)
    finally:
        held.close()

    assert (code, "right now" in said) == (2, True)
