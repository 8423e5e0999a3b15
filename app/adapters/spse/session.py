"""Talking to one SPSE node: its session and token, its refusals, and which of its answers are worth reading."""

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.adapters.protocol import Endpoint, NodeContractBroken, NodeFacts, NodeFailure, NodeRefused, NodeUnreachable
from app.adapters.spse.index import Direction, ListAnswer, NoRows, list_form, parse_list
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.markup import PackagePage, PageUnreadable
from app.adapters.spse.pages import is_package_page
from app.core.dates import TimeZone
from app.core.text import clean_text
from app.core.vocabulary import PackageKind
from app.kit.http import (
    AddressForbidden,
    Answer,
    AnswerBroken,
    AnswerTooLarge,
    GuardedClient,
    OutboundFailure,
    TlsFailed,
    TooManyRedirects,
    UrlForbidden,
)

_EVIDENCE_LENGTH = 500
_SPOILT = (AnswerBroken, AnswerTooLarge, TooManyRedirects)
"""Failures of one answer that say nothing of the next."""
_TOKEN = re.compile(r"authenticityToken\s{0,20}[=:]\s{0,20}['\"]([0-9A-Za-z]{8,128})['\"]")
_TOKEN_IN_COOKIE = re.compile(r"___AT(?:=|%3D)([0-9A-Za-z]{8,128})")
_VERSION = re.compile(r"SPSE v(\d{1,2})\.(\d{1,2})u(\d{8})")
_PASSWORD = re.compile(r"<input[^>]{0,200}\btype=[\"']?password", re.IGNORECASE)
# The footer's clock: `<span id="realtime">17 Agustus 2026 15:17</span> <span>WIB</span>`, recorded August 2026.
_CLOCK = re.compile(r"id=[\"']realtime[\"'][^>]{0,200}>[^<]{0,100}(?:<[^>]{0,200}>\s{0,100}){0,4}(WITA|WIB|WIT)\b")
_FIRST_WITH_POST = (4, 5)
"""Older versions want the same question as a GET (public consumers' code of 2022)."""
_FIRST_WITH_TOKEN = (4, 3, 20191009)

_CHALLENGE = re.compile(r"challenge-platform|cf-chl|cf_chl|<title>\s*Just a moment", re.IGNORECASE)
_DENIED = "Akses Ditolak"
_NOT_FOUND = "Halaman yang dituju tidak ditemukan"
_APPLICATION_ERRORS = ("Maaf, terjadi error pada aplikasi SPSE", "Terjadi Kesalahan", "OPPS!")


class PageLost(Exception):
    """One page of one package cannot be had. `failure` is what it means if it happens to one package after another."""

    def __init__(self, reason: str, failure: NodeFailure) -> None:
        super().__init__(reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Sitting:
    """One session at the node, and the token that is bound to it."""

    base: str
    token: str | None


class Session:
    """All requests of one visit. Several packages may be asked for at once: a new session is begun by one of them."""

    def __init__(self, client: GuardedClient, endpoint: Endpoint) -> None:
        self._client = client
        self._base = endpoint.base_url.rstrip("/")
        self.time_zone = endpoint.time_zone
        self._sitting: _Sitting | None = None
        self._turn = asyncio.Lock()
        self._by_post = True
        self.facts = NodeFacts()

    async def ask_list(
        self, kind: PackageKind, fiscal_year: int, start: int, length: int, direction: Direction
    ) -> tuple[ListAnswer, Answer]:
        """One answer of the list. An answer that is no JSON means an expired session; a second one means drift."""
        sitting = await self._sit(kind)
        for is_last in (False, True):
            form = list_form(kind, start=start, length=length, direction=direction, token=sitting.token)
            answer = await self._send_form(sitting, kind, fiscal_year, form)
            rows = _rows(answer) if answer.status == 200 else None
            if rows is not None:
                return rows, answer
            failure = _status_failure(answer) or _page_failure(answer, "the list answers with something else than JSON")
            if is_last or (answer.status != 200 and not _may_be_stale(answer)):
                raise failure
            sitting = await self._sit(kind, instead_of=sitting)
        raise AssertionError  # The loop returns or raises.

    async def _send_form(
        self, sitting: _Sitting, kind: PackageKind, fiscal_year: int, form: list[tuple[str, str]]
    ) -> Answer:
        url = f"{sitting.base}{KINDS[kind].index}?tahun={fiscal_year}"
        headers = {"X-Requested-With": "XMLHttpRequest", "Referer": f"{sitting.base}{KINDS[kind].listing}"}
        if self._by_post:
            answer = await _fetched(self._client.post_form(url, form, headers=headers))
            if answer.status != 405:
                return answer
            self._by_post = False
        return await _fetched(self._client.get(f"{url}&{urlencode(form)}", headers=headers))

    async def page(self, kind: PackageKind, page: DetailPage, code: str) -> tuple[PackagePage, Answer]:
        """One page of one package. Raises PageLost when this page cannot be had, NodeFailure when none could."""
        sitting = await self._sit(kind)
        for is_last in (False, True):
            url = f"{sitting.base}{KINDS[kind].path(page, code)}"
            # Without the listing as its referer the node answers 403 "Akses Ditolak!".
            referer = {"Referer": f"{sitting.base}{KINDS[kind].listing}"}
            try:
                answer = await _fetched(self._client.get(url, headers=referer))
            except (NodeContractBroken, NodeUnreachable) as silence:
                if isinstance(silence.__cause__, _SPOILT):
                    raise PageLost(silence.reason, silence) from silence
                raise
            found = _readable(answer) if answer.status == 200 else None
            if found is not None:
                return found, answer
            failure = _status_failure(answer) or _page_failure(answer, "the page is not one of a package")
            if is_last or not _may_be_stale(answer):
                if answer.status == 429 or (isinstance(failure, NodeRefused) and not _concerns_one_page(page, answer)):
                    raise failure
                raise PageLost(failure.reason, failure)
            sitting = await self._sit(kind, instead_of=sitting)
        raise AssertionError  # The loop returns or raises.

    async def _sit(self, kind: PackageKind, *, instead_of: _Sitting | None = None) -> _Sitting:
        """The session, begun if there is none yet or if the one in hand no longer serves."""
        async with self._turn:
            if self._sitting is None or self._sitting is instead_of:
                if instead_of is not None:
                    self._client.forget_cookies()
                self._sitting = await self._begin(KINDS[kind].listing)
            return self._sitting

    async def probe(self) -> None:
        """Ask for the listing of tenders and learn from it. Raises NodeFailure when that page is not what answers.

        A token in the cookie alone proves nothing here: error and login pages set one too.
        """
        answer = await self._open(KINDS[PackageKind.TENDER].listing)
        self._learn(answer)
        text = answer.text
        if _TOKEN.search(text) is None and (
            _PASSWORD.search(text) is not None or _VERSION.search(text) is None or _is_notice(text)
        ):
            raise _page_failure(answer, "the address does not answer with the listing of an SPSE node")

    async def _begin(self, listing: str) -> _Sitting:
        return self._learn(await self._open(listing))

    async def _open(self, listing: str) -> Answer:
        """Fetch a listing page, wherever it is now, and remember where that was."""
        answer = await _fetched(self._client.get(f"{self._base}{listing}"))
        base = _base_of(answer.url, listing)
        if base is None:
            # An old host may lead to the front page of the node's new one; its listing is one step from there.
            answer = await _fetched(self._client.get(f"{_without_query(answer.url)}{listing}"))
            base = _base_of(answer.url, listing)
        failure = _status_failure(answer)
        if failure is not None:
            raise failure
        if base is None:
            raise NodeContractBroken(f"the listing leads to {answer.url[:200]}", evidence=_evidence(answer))
        self._base = base
        return answer

    def _learn(self, answer: Answer) -> _Sitting:
        """Take the token and what the node says of itself from a listing page."""
        text = answer.text
        version = _VERSION.search(text)
        numbers = tuple(int(part) for part in version.groups()) if version else None
        token = self._token(text)
        if token is None and (numbers is None or numbers >= _FIRST_WITH_TOKEN):
            raise _page_failure(answer, "the listing page holds no token")
        self.facts = NodeFacts(
            software_version=version[0].removeprefix("SPSE v") if version else self.facts.software_version,
            time_zone=clock_of(text) or self.facts.time_zone,
            base_url=self._base,
        )
        if numbers is not None and numbers[:2] < _FIRST_WITH_POST:
            self._by_post = False
        return _Sitting(self._base, token)

    def _token(self, listing: str) -> str | None:
        """From the page's script, else from the session cookie that carries it too."""
        found = _TOKEN.search(listing) or _TOKEN_IN_COOKIE.search(self._client.cookie("SPSE_SESSION") or "")
        return found[1] if found else None


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _base_of(url: str, listing: str) -> str | None:
    """The node's base, if this URL is its listing page."""
    plain = _without_query(url)
    return plain.removesuffix(listing) if plain.endswith(listing) else None


async def _fetched(request: Awaitable[Answer]) -> Answer:
    """Wait for an answer; why there is none is said in the words of adapters."""
    try:
        return await request
    except OutboundFailure as failure:
        reason = f"{failure.code}: {failure}"
        match failure:
            case AddressForbidden() | UrlForbidden() | TlsFailed():
                raise NodeRefused(reason) from failure
            case AnswerTooLarge() | TooManyRedirects():
                raise NodeContractBroken(reason) from failure
            case _:
                raise NodeUnreachable(reason) from failure


def _status_failure(answer: Answer) -> NodeFailure | None:
    """What a status says on its own; None when the body must be looked at."""
    status = answer.status
    if status == 200:
        return None
    reason = f"HTTP {status}"
    evidence = _evidence(answer)
    if status in {401, 403, 451} or _is_challenge(answer):
        return NodeRefused(reason, evidence=evidence)
    if status == 429 or status >= 500:
        return NodeUnreachable(reason, evidence=evidence)
    return NodeContractBroken(reason, evidence=evidence)


def _may_be_stale(answer: Answer) -> bool:
    """Whether a new session may help. The node's own 403 says too little to tell, so that it is worth one try."""
    text = answer.text
    if answer.status == 200:
        return _NOT_FOUND not in text and not any(error in text for error in _APPLICATION_ERRORS)
    return answer.status == 403 and _DENIED in text and not _is_challenge(answer)


def _concerns_one_page(page: DetailPage, answer: Answer) -> bool:
    """Whether the application refuses no more than this page.

    No real history of a tender's stage was ever recorded, so that its address may be what is wrong.
    """
    return page is DetailPage.HISTORY and _DENIED in answer.text and not _is_challenge(answer)


def _is_notice(text: str) -> bool:
    return any(words in text for words in (_DENIED, _NOT_FOUND, *_APPLICATION_ERRORS))


def clock_of(text: str) -> TimeZone | None:
    """The clock by which the node writes its times, where the page's footer names it."""
    clock = _CLOCK.search(text)
    return TimeZone(clock[1]) if clock else None


def _is_challenge(answer: Answer) -> bool:
    return "cf-mitigated" in answer.headers or _CHALLENGE.search(answer.text) is not None


def _page_failure(answer: Answer, otherwise: str) -> NodeFailure:
    """What a page answered with 200 means when it is not what was asked for."""
    text = answer.text
    evidence = _evidence(answer)
    if _DENIED in text or _is_challenge(answer):
        return NodeRefused("the node does not let us in", evidence=evidence)
    if _NOT_FOUND in text:
        return NodeContractBroken(_NOT_FOUND, evidence=evidence)
    if any(error in text for error in _APPLICATION_ERRORS):
        return NodeUnreachable("the node answers with an error page", evidence=evidence)
    if not _is_whole(answer):
        return NodeUnreachable("the page may be cut off", evidence=evidence)
    return NodeContractBroken(otherwise, evidence=evidence)


def _is_whole(answer: Answer) -> bool:
    """An answer without a length ends like a cut connection does, so that its own last tag must show that it is whole."""
    return answer.framed or "</html>" in answer.text[-200:].lower()


def _rows(answer: Answer) -> ListAnswer | None:
    try:
        return parse_list(answer.text)
    except NoRows as error:
        raise NodeContractBroken(str(error), evidence=_evidence(answer)) from error


def _readable(answer: Answer) -> PackagePage | None:
    """The page, if it is whole and one of a package.

    Error words are not looked for here: they may stand in a package's own text, such as a reason of cancellation.
    """
    if not _is_whole(answer):
        return None
    try:
        page = PackagePage(answer.text)
    except PageUnreadable:
        return None
    return page if is_package_page(page) else None


def _evidence(answer: Answer) -> str:
    return clean_text(answer.text[: 4 * _EVIDENCE_LENGTH])[:_EVIDENCE_LENGTH]
