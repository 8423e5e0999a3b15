"""Link headers (RFC 8288): where a page's neighbours are, for programs that do not look into the body."""

from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import Scope

LONGEST = 3000
"""Headers of some proxies end at four thousand bytes; a question that long finds its next page in the body."""

SERVICE = '</openapi.json>; rel="service-desc"; type="application/json", </docs>; rel="service-doc"; type="text/html"'
"""What describes this API (RFC 8631)."""


def page_links(scope: Scope, following: str | None) -> str | None:
    """`first` of a list, and `next` where a page follows; every other parameter of the question stays as it is."""
    asked = parse_qsl(
        scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace"
    )
    others = [(name, value) for name, value in asked if name != "after"]
    links = [_link(scope, others, "first")]
    if following is not None:
        links.insert(0, _link(scope, [*others, ("after", following)], "next"))
    stated = ", ".join(links)
    if len(stated) > LONGEST:
        stated = links[0] if following is not None and len(links[0]) <= LONGEST else ""
    return stated or None


def _link(scope: Scope, query: list[tuple[str, str]], relation: str) -> str:
    path = quote(scope["path"])
    return f'<{path}{"?" if query else ""}{urlencode(query)}>; rel="{relation}"'
