"""Logs name nobody: neither ours nor those of libraries, and a line of JSON remains one."""

import json
import logging

import pytest
import structlog

from app.kit.log import configure_logging

NIK = "3578014101900001"
MAIL = "budi@surat.contoh.go.id"


@pytest.fixture(params=["json", "console"])
def style(request):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("info", request.param)
    yield request.param
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_names_nobody(style, capsys):
    structlog.get_logger().warning(
        "row.refused", value=f"NIK {NIK}", parts=[{"to": MAIL}], error=ValueError(MAIL), run=7
    )

    written = capsys.readouterr().err

    assert "row.refused" in written
    assert NIK not in written
    assert MAIL not in written


def test_a_traceback_names_nobody(style, capsys):
    try:
        int(MAIL)
    except ValueError:
        structlog.get_logger().exception("request.failed", path=f"/api/v1/nodes/{NIK}")

    written = capsys.readouterr().err

    assert "ValueError" in written
    assert NIK not in written
    assert MAIL not in written


def test_what_a_library_says_names_nobody(style, capsys):
    # Whoever runs a server in this process may have given its loggers handlers of their own.
    logging.getLogger("pustaka.contoh").error("refused %s", NIK)

    written = capsys.readouterr().err

    assert "refused ****" in written, written
    assert NIK not in written


def test_numbers_of_a_line_of_json_stay_numbers(capsys, style):
    structlog.get_logger().warning("counted", number=int(NIK), seconds=1.123456789012345)

    written = capsys.readouterr().err

    if style == "json":
        line = json.loads(written)
        assert (line["number"], line["seconds"]) == (int(NIK), 1.123456789012345)
