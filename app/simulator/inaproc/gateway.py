"""The gateway over HTTP: `/-/inaproc/api/v1/tender/{resource}` with tokens, quotas and cursors."""

import base64
import hmac
import json
import secrets
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

from app.simulator.inaproc import contracts, recordings, rows
from app.simulator.inaproc.rows import Row, Rows
from app.simulator.nodes import Kind
from app.simulator.web import JSON, Question, Reply
from app.simulator.world import World

RESOURCES: dict[str, tuple[Kind, Rows]] = {
    "pengumuman": ("tender", rows.announcements),
    "tender-selesai": ("tender", rows.results),
    "tender-selesai-nilai": ("tender", rows.values),
    "peserta-tender": ("tender", rows.participants),
    "jadwal-tahapan-tender": ("tender", rows.schedule),
    "tender-ekontrak-kontrak": ("tender", contracts.contracts),
    "non-tender-pengumuman": ("non_tender", rows.non_tender_announcements),
    "non-tender-selesai": ("non_tender", rows.non_tender_results),
    "jadwal-tahapan-non-tender": ("non_tender", rows.schedule),
    "non-tender-ekontrak-kontrak": ("non_tender", contracts.contracts),
    "pencatatan-non-tender": ("recorded", recordings.recorded),
    "pencatatan-non-tender-realisasi": ("recorded", recordings.recorded_realizations),
    "pencatatan-swakelola": ("self_managed", recordings.self_managed),
    "pencatatan-swakelola-realisasi": ("self_managed", recordings.self_managed_realizations),
}
TOKEN = "simulasi-integrator"  # noqa: S105 -- opens nothing but this simulation
TOKEN_WITHOUT_ROLE = "simulasi-tamu"  # noqa: S105 -- opens nothing at all

_DEFAULT_LIMIT, _LARGEST_LIMIT = 10, 1000


@dataclass
class Access:
    """Who may ask, and how often: `quota` requests in `window_seconds`, 0 for as many as they like."""

    tokens: dict[str, bool] = field(default_factory=lambda: {TOKEN: True, TOKEN_WITHOUT_ROLE: False})
    """Whether a token has the role that reading needs."""
    quota: int = 5000
    window_seconds: float = 60.0


class NotThus(Exception):
    """The gateway answers with an error."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error


class Gateway:
    """Answers by institution over all nodes of a world; rows are made once for each state of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.access = Access()
        self._spent: Counter[str] = Counter()
        self._window_began = time.monotonic()
        self._key = secrets.token_bytes(16)
        self._version = -1
        self._made: dict[str, dict[tuple[str, int], list[tuple[str, str]]]] = {}

    def answer(self, question: Question) -> Reply:
        headers: list[tuple[bytes, bytes]] = []
        try:
            headers = self._admit(question)
            body = self._page(question)
        except NotThus as no:
            return Reply(json.dumps({"error": no.error}).encode(), no.status, JSON, self._headers(no.status, headers))
        return Reply(body, content_type=JSON, headers=headers)

    def _admit(self, question: Question) -> list[tuple[bytes, bytes]]:
        authorization = question.header(b"authorization")
        if not authorization:
            raise NotThus(401, "Authorization field missing")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token not in self.access.tokens:
            raise NotThus(401, "Invalid token")
        if not self.access.tokens[token]:
            raise NotThus(403, "Role Data Integrator is required")
        return self._count(token)

    def _count(self, token: str) -> list[tuple[bytes, bytes]]:
        if not self.access.quota:
            return []
        if time.monotonic() - self._window_began >= self.access.window_seconds:
            self._window_began = time.monotonic()
            self._spent.clear()
        if self._spent[token] >= self.access.quota:
            raise NotThus(429, "Rate limit exceeded")
        self._spent[token] += 1
        return self._limits(self.access.quota - self._spent[token])

    def _limits(self, remaining: int) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-ratelimit-limit", str(self.access.quota).encode()),
            (b"x-ratelimit-remaining", str(remaining).encode()),
            (b"x-ratelimit-reset", str(self._seconds_left()).encode()),
        ]

    def _seconds_left(self) -> int:
        return max(int(self._window_began + self.access.window_seconds - time.monotonic()) + 1, 1)

    def _headers(self, status: int, admitted: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        if status != 429:
            return admitted
        return [*self._limits(0), (b"retry-after", str(self._seconds_left()).encode())]

    def _page(self, question: Question) -> bytes:
        match question.parts:
            case ("-", "inaproc", "api", "v1", "tender", resource) if question.method == "GET":
                pass
            case _:
                raise NotThus(404, "Resource not found")
        if resource not in RESOURCES:
            raise NotThus(404, "Resource not found")
        institution, year = question.query.get("kode_klpd", ""), question.query.get("tahun", "")
        if not institution or not year.isdecimal():
            raise NotThus(400, "kode_klpd and tahun are required")
        limit = _limit(question.query.get("limit"))
        found = self._rows(resource, institution, int(year))
        position = self._position(question.query.get("cursor"), f"{resource}/{institution}/{year}", found)
        taken = found[position : position + limit]
        has_more = position + limit < len(found)
        cursor = self._cursor(taken[-1][0], f"{resource}/{institution}/{year}") if has_more else None
        meta = json.dumps({"cursor": cursor, "has_more": has_more, "limit": limit})
        return f'{{"success":true,"data":[{",".join(text for _, text in taken)}],"meta":{meta}}}'.encode()

    def rows(self, resource: str, institution: str, year: int) -> list[Row]:
        """All rows that a resource has for an institution and year, in the gateway's order."""
        return [json.loads(text) for _, text in self._rows(resource, institution, year)]

    def _rows(self, resource: str, institution: str, year: int) -> list[tuple[str, str]]:
        """Keys and texts of the rows; the order has nothing to do with time or code, as on the real gateway."""
        if self._version != self.world.version:
            self._version = self.world.version
            self._made.clear()
        if resource not in self._made:
            self._made[resource] = self._make(resource)
        return self._made[resource].get((institution, year), [])

    def _make(self, resource: str) -> dict[tuple[str, int], list[tuple[str, str]]]:
        kind, make = RESOURCES[resource]
        made: dict[tuple[str, int], list[tuple[str, str]]] = {}
        for node in self.world.nodes.values():
            if node.kd_lpse is None:
                continue  # A node without a number is unknown to the national services.
            for package in self.world.everything(node.slug, kind).values():
                for number, row in enumerate(make(node, package)):
                    place = crc32(f"{resource}/{package.code}/{number}".encode())
                    key = f"{place:08x}/{node.slug}/{package.code}/{number:03d}"
                    row["last_update_ref"] = f"{crc32(resource.encode()):08x}-simulasi.{crc32(key.encode()):08x}"
                    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
                    made.setdefault((row["kd_klpd"], row["tahun_anggaran"]), []).append((key, text))
        for rows_of_one in made.values():
            rows_of_one.sort()
        return made

    def _cursor(self, key: str, query: str) -> str:
        payload = base64.urlsafe_b64encode(json.dumps({"after": key}).encode()).decode().rstrip("=")
        return f"{payload}.{self._sign(payload, query)}"

    def _position(self, cursor: str | None, query: str, found: list[tuple[str, str]]) -> int:
        if not cursor:
            return 0
        payload, _, signature = cursor.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload, query).encode()):
            raise NotThus(400, "Invalid cursor")
        after: str = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["after"]
        return bisect_right(found, after, key=lambda row: row[0])

    def _sign(self, payload: str, query: str) -> str:
        return hmac.digest(self._key, f"{payload}/{query}".encode(), "sha1").hex()[:12]


def _limit(text: str | None) -> int:
    if not text:
        return _DEFAULT_LIMIT
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_LIMIT:
        raise NotThus(400, f"limit must be between 1 and {_LARGEST_LIMIT}")
    return int(text)
