"""Requests a minute per key and per address: RateLimit headers for everybody, 429 for whoever asks too much.

Counted in the memory of this process alone: two processes behind one address allow twice as much, and a restart forgets.
"""

import hashlib
import ipaddress
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.errors import HubError, Kind
from app.kit.web.problems import problem

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WINDOW_SECONDS = 60
MAX_CALLERS = 50_000
"""Of so many addresses, and so many keys, something is remembered; those not heard of for longest are forgotten first."""
UNLIMITED = frozenset({"/livez", "/readyz"})
_MAX_HOPS = 16
_MAX_HOP_LENGTH = 64
_LOG_SECONDS = 10

log = structlog.get_logger()


class RateLimited(HubError):
    kind = Kind.TOO_MANY
    code = "rate-limited"
    title = "Too many requests"

    def __init__(self, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"Too many requests at once. Try again in {retry_after} s; RateLimit and RateLimit-Policy say what is left.",
            f"Terlalu banyak permintaan sekaligus. Coba lagi dalam {retry_after} detik; sisa kuota ada di RateLimit dan RateLimit-Policy.",
        )


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How many requests a minute; 0 is no limit. `failed_keys` counts different keys that were refused."""

    per_address: int = 0
    per_key: int = 0
    failed_keys_per_address: int = 0
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit: what is left, and after how many seconds there is more."""

    is_within: bool
    left: int
    seconds: int


class Buckets:
    """A leaking bucket for each caller (GCRA): of each only the moment is kept at which it will have run empty."""

    def __init__(self, name: str, quota: int, *, max_callers: int = MAX_CALLERS) -> None:
        self.name = name
        self.policy = f'"{name}";q={quota};w={WINDOW_SECONDS}'
        self._drop = WINDOW_SECONDS / quota
        self._max_callers = max_callers
        self._empty_at: OrderedDict[object, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._empty_at)

    def take(self, caller: object, now: float) -> Standing:
        """Count one request, unless it is one too many."""
        kept = self._empty_at
        level = max(kept.pop(caller, now), now) + self._drop - now
        over = level - WINDOW_SECONDS
        # What was refused is not counted: whoever keeps knocking is let in as soon as there is room.
        fits = over <= 1e-6
        kept[caller] = now + level if fits else now + level - self._drop
        if len(kept) > self._max_callers:
            kept.popitem(last=False)
        if fits:
            return Standing(is_within=True, left=int(-over / self._drop + 1e-6), seconds=math.ceil(level))
        return Standing(is_within=False, left=0, seconds=max(math.ceil(over), 1))

    def is_spent(self, caller: object, now: float) -> Standing | None:
        """How the caller stands if the next request were one too many. Counts nothing."""
        over = self._empty_at.get(caller, now) + self._drop - now - WINDOW_SECONDS
        return Standing(is_within=False, left=0, seconds=max(math.ceil(over), 1)) if over > 1e-6 else None


class RateLimits:
    """Counts every request before anything else is asked; the key is known by its hash, without the database.

    Both limits count at once: a key that is used from one address obeys both. Whoever tries many different bad keys is
    answered 429 before the database is asked, while keys that were good a moment ago go on working from that address.
    """

    def __init__(self, app: ASGIApp, policy: RatePolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._clock = clock
        self._trusted = policy.trusted_proxies
        self._addresses = Buckets("address", policy.per_address) if policy.per_address else None
        self._keys = Buckets("key", policy.per_key) if policy.per_key else None
        failed = policy.failed_keys_per_address
        self._failed = Buckets("failed-keys", failed) if failed else None
        self._good = _Remembered()
        self._bad = _Remembered()
        self._salt = os.urandom(16)
        self._refused = 0
        self._logged_at = -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNLIMITED:
            await self.app(scope, receive, send)
            return
        now = self._clock()
        address = address_of(scope, self._trusted)
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        key = self._hash_of(authorization) if authorization else None
        standings = self._count(address, key, now)

        async def stating(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(standings)]
                if key:
                    self._learn(address, key, now, scope, message["status"])
            await send(message)

        refused = next((standing for _bucket, standing in standings if not standing.is_within), None)
        if refused is None:
            await self.app(scope, receive, stating)
            return
        self._note(address, now)
        error = RateLimited(refused.seconds)
        answer = problem(Request(scope), 429, error.code, error.title, error.english, error.indonesian)
        answer.headers["Retry-After"] = str(refused.seconds)
        await answer(scope, receive, stating)

    def _hash_of(self, authorization: bytes) -> bytes:
        # "bearer" and "Bearer" are one scheme: the key alone says who it is.
        key = authorization.partition(b" ")[2].strip()
        return hashlib.blake2b(key, digest_size=16, key=self._salt).digest()

    def _count(self, address: str, key: bytes | None, now: float) -> list[tuple[Buckets, Standing]]:
        """Ask each limit that concerns the request, up to the first that refuses."""
        standings: list[tuple[Buckets, Standing]] = []
        if self._addresses is not None:
            standings.append((self._addresses, self._addresses.take(address, now)))
            if not standings[-1][1].is_within:
                return standings
        if key and self._failed is not None and key not in self._good:
            spent = self._failed.is_spent(address, now)
            if spent is not None:
                return [*standings, (self._failed, spent)]
        if key and self._keys is not None:
            standings.append((self._keys, self._keys.take(key, now)))
        return standings

    def _learn(self, address: str, key: bytes, now: float, scope: Scope, status: int) -> None:
        """A key is good once the access check has put its caller into the request's state, and bad after a 401."""
        if status == 401:
            self._good.forget(key)
            if self._failed is not None and key not in self._bad:
                self._bad.add(key)
                self._failed.take(address, now)
        elif scope.get("state", {}).get("caller") is not None:
            self._good.add(key)

    def _note(self, address: str, now: float) -> None:
        """Say that somebody is refused, but not as often as they are."""
        self._refused += 1
        if now - self._logged_at >= _LOG_SECONDS:
            log.warning("requests.limited", refused=self._refused, address=address)
            self._logged_at, self._refused = now, 0


class _Remembered:
    """Hashes of keys seen of late."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, key: bytes) -> bool:
        return key in self._kept

    def add(self, key: bytes) -> None:
        self._kept[key] = None
        if len(self._kept) > MAX_CALLERS:
            self._kept.popitem(last=False)

    def forget(self, key: bytes) -> None:
        self._kept.pop(key, None)


def _headers(standings: list[tuple[Buckets, Standing]]) -> list[tuple[bytes, bytes]]:
    """By draft-ietf-httpapi-ratelimit-headers-10: lists of quoted policy names with q and w, and with r and t."""
    if not standings:
        return []
    policies = ", ".join(bucket.policy for bucket, _standing in standings)
    limits = ", ".join(f'"{bucket.name}";r={standing.left};t={standing.seconds}' for bucket, standing in standings)
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", limits.encode())]


def address_of(scope: Scope, trusted: tuple[Network, ...]) -> str:
    """Whom a request is counted for: the peer, or the last hop that no trusted proxy vouches for; IPv6 by its /64."""
    client = scope.get("client")
    if not client:
        return "local"
    host: str = client[0]
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"] if trusted else []
    if forwarded and _is_trusted(host, trusted):
        hops = b",".join(forwarded).decode("latin-1").split(",")
        for hop in reversed(hops[-_MAX_HOPS:]):
            parsed = _parsed(_without_port(hop.strip())) if len(hop) <= _MAX_HOP_LENGTH else None
            if parsed is None:
                break
            host = str(parsed)
            if not _is_trusted(host, trusted):
                break
    return _counted_as(host)


@lru_cache(maxsize=8192)
def _counted_as(host: str) -> str:
    parsed = _parsed(host)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or host)


def _is_trusted(host: str, trusted: tuple[Network, ...]) -> bool:
    parsed = _parsed(host)
    return parsed is not None and any(parsed in network for network in trusted)


@lru_cache(maxsize=8192)
def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _without_port(hop: str) -> str:
    """`[2001:db8::1]:443` and `192.0.2.7:443` as some proxies write them."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, colon, _port = hop.partition(":")
    return host if colon and ":" not in _port else hop
