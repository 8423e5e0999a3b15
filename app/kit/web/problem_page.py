"""`/problems`: the page that every problem's `type` leads to, with one line for each code."""

from collections.abc import Iterable, Mapping
from html import escape

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.kit.errors import HubError
from app.kit.web.problems import STATUS_OF

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;padding:.3rem .8rem;vertical-align:top}"


def install_problem_page(app: FastAPI, record_problems: Mapping[str, tuple[str, str]]) -> None:
    """Serve the page. `record_problems` maps the codes of problems with data to (Indonesian, English)."""

    async def problems(_request: Request) -> Response:
        refusals = [(error.code, str(STATUS_OF[error.kind]), error.title) for error in _refusals(HubError)]
        page = (
            f"<!doctype html><html lang=id><meta charset=utf-8><title>Rakor – kode masalah</title><style>{_STYLE}</style>"
            "<h1>Kode masalah · Problem codes</h1>"
            "<h2>API</h2>" + _table(("code", "status", "title"), refusals) + "<h2>Data</h2>"
            "<p>Masalah pada satu catatan, misalnya di <code>/api/v1/runs/{id}/problems</code>.</p>"
            + _table(("code", "Bahasa Indonesia", "English"), [(code, *both) for code, both in record_problems.items()])
        )
        return HTMLResponse(page, headers={"content-security-policy": _POLICY})

    app.add_route("/problems", problems, include_in_schema=False)


def _refusals(error: type[HubError]) -> list[type[HubError]]:
    found = [error] if hasattr(error, "code") else []
    for child in error.__subclasses__():
        found.extend(_refusals(child))
    return sorted(found, key=lambda one: one.code)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    body = "".join(
        f'<tr id="{escape(cells[0])}">' + "".join(f"<td>{escape(cell)}" for cell in cells) for cells in map(tuple, rows)
    )
    return f"<table><tr>{head}{body}</table>"
