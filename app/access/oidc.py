"""Bearer tokens of one OpenID Connect provider, as callers in the hub's own roles."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address
from math import inf
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from app.access.callers import Caller, Role
from app.access.errors import KeyInvalid, NotAllowed, ProviderUnavailable
from app.kit.http import AnswerBroken, GuardedClient, OutboundFailure, OutboundPolicy, Resolver, resolve_by_system
from app.kit.json import loads

LEEWAY_SECONDS = 30
KEYS_FRESH_SECONDS = 300.0
"""How long the provider's keys are used before they are asked for again."""
KEYS_LAST_SECONDS = 3600.0
"""How long they are used while the provider does not answer."""
ASK_AGAIN_SECONDS = 60.0
"""How often at most a token that names an unknown key makes the hub ask: anybody can write such a token."""
FAILURE_SECONDS = 15.0
"""How long a failure is believed, so that not every request waits for a provider that is down."""
LONGEST_TOKEN = 16_384
SMALLEST_RSA_BITS = 2048

# Only what is signed by a key that the hub does not hold: a shared secret, or the public key taken for one, never counts.
ALGORITHMS: dict[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None), "RS384": ("RSA", None), "RS512": ("RSA", None),
    "PS256": ("RSA", None), "PS384": ("RSA", None), "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"),
}  # fmt: skip
_SLUG = re.compile("[a-z0-9][a-z0-9-]{0,62}")
_PublicKey = RSAKey | ECKey

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Which provider is believed, and where its tokens say what somebody is."""

    issuer: str
    audience: str
    claim: str = "rakor_roles"
    jwks_url: str | None = None


class Provider:
    """Knows the provider's keys for a while, and tells the caller behind a token."""

    def __init__(
        self, settings: ProviderSettings, policy: OutboundPolicy, *, resolver: Resolver = resolve_by_system
    ) -> None:
        for url in (settings.issuer, settings.jwks_url):
            if url is not None:
                _require_safe(url, policy)
        self._settings = settings
        self._policy = policy
        self._resolver = resolver
        self._keys: list[_PublicKey] = []
        self._fetched_at: float | None = None
        self._asked_at = -inf
        self._failed_at: float | None = None
        self._turn = asyncio.Lock()

    async def identify(self, token: str, *, now: datetime) -> Caller:
        """The caller behind a token.

        Raises KeyInvalid for a token that is not valid here, NotAllowed for one that names no role of the hub, and
        ProviderUnavailable when the provider's keys cannot be had.
        """
        if len(token) > LONGEST_TOKEN:
            raise KeyInvalid
        try:
            parsed = jws.extract_compact(token.encode("ascii"))
            header = parsed.headers()
            algorithm = header.get("alg")
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise KeyInvalid from error
        # What an extension marks as critical must be understood, and none is.
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in header or "b64" in header:
            raise KeyInvalid
        key = await self._key_for(algorithm, header.get("kid"))
        try:
            signed = jws.deserialize_compact(token.encode("ascii"), key, algorithms=[algorithm])
            claims = loads(signed.payload)
        except (JoseError, ValueError, TypeError) as error:
            raise KeyInvalid from error
        if not isinstance(claims, dict):
            raise KeyInvalid
        return self._caller(claims, now)

    # -- what the token says

    def _caller(self, claims: dict[str, Any], now: datetime) -> Caller:
        self._check(claims, now)
        issuer, subject = claims["iss"], claims["sub"]
        role, nodes = _role_of(self._roles(claims))
        return Caller(id=f"oidc:{issuer}|{subject}", key_id=None, role=role, name=subject, nodes=nodes)

    def _check(self, claims: dict[str, Any], now: datetime) -> None:
        moment = now.timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        subject = claims.get("sub")
        begins, ends = claims.get("nbf"), claims.get("exp")
        is_valid = (
            claims.get("iss") == self._settings.issuer
            and self._settings.audience in audiences
            and isinstance(subject, str)
            and 0 < len(subject) <= 255
            and subject.isprintable()
            and _is_number(ends)
            and moment < ends + LEEWAY_SECONDS
            and (begins is None or (_is_number(begins) and begins - LEEWAY_SECONDS <= moment))
        )
        if not is_valid:
            raise KeyInvalid

    def _roles(self, claims: dict[str, Any]) -> list[str]:
        """The values of the claim; a name with dots that no claim has leads into nested ones (“realm_access.roles”)."""
        found: Any = claims.get(self._settings.claim)
        if found is None:
            found = claims
            for name in self._settings.claim.split("."):
                found = found.get(name) if isinstance(found, dict) else None
        values = found.split() if isinstance(found, str) else found
        return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []

    # -- whose keys sign it

    async def _key_for(self, algorithm: str, key_id: object) -> _PublicKey:
        now = asyncio.get_running_loop().time()
        if self._age(now) > KEYS_FRESH_SECONDS:
            await self._refresh(now)
        key = _choose(self._keys, algorithm, key_id)
        if key is None and now - self._asked_at >= ASK_AGAIN_SECONDS:
            await self._refresh(now)
            key = _choose(self._keys, algorithm, key_id)
        if key is None and self._failed_at is not None:
            # By now it may sign with a key that could not be asked for.
            raise ProviderUnavailable
        if key is None:
            raise KeyInvalid
        return key

    def _age(self, now: float) -> float:
        return inf if self._fetched_at is None else now - self._fetched_at

    async def _refresh(self, since: float) -> None:
        """Ask for the keys, one at a time; who waited for another's question takes its answer."""
        clock = asyncio.get_running_loop().time
        if self._turn.locked() and self._age(since) <= KEYS_LAST_SECONDS:
            return
        async with self._turn:
            if self._fetched_at is not None and self._fetched_at >= since:
                return
            if self._failed_at is None or clock() - self._failed_at > FAILURE_SECONDS:
                self._asked_at = clock()
                try:
                    self._keys = await self._fetch()
                except (OutboundFailure, ValueError, TypeError, LookupError, JoseError) as error:
                    self._failed_at = clock()
                    log.warning("oidc.unavailable", issuer=self._settings.issuer, error=str(error)[:300])
                else:
                    self._fetched_at, self._failed_at = clock(), None
            if self._age(clock()) > KEYS_LAST_SECONDS:
                raise ProviderUnavailable

    async def _fetch(self) -> list[_PublicKey]:
        async with GuardedClient(self._policy, resolver=self._resolver) as client:
            url = self._settings.jwks_url
            if url is None:
                issuer = self._settings.issuer
                document = await _get(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                if document["issuer"] != issuer:
                    raise ValueError(f"the configuration is that of another issuer: {document['issuer']!r}")
                url = str(document["jwks_uri"])
                _require_safe(url, self._policy)
            return read_keys(await _get(client, url))


def _require_safe(url: str, policy: OutboundPolicy) -> None:
    """Keys that came over plain http are whoever's stood on the way: it is taken inside the allowed networks only."""
    parts = urlsplit(url)
    try:
        address = ip_address("127.0.0.1" if parts.hostname == "localhost" else parts.hostname or "")
        is_inside = any(address in network for network in policy.allowed_networks)
    except ValueError:
        is_inside = False
    if parts.scheme != "https" and not (parts.scheme == "http" and is_inside):
        raise ValueError(f"“{url}” must be asked by https.")


def outbound_policy(networks: tuple[IPv4Network | IPv6Network, ...]) -> OutboundPolicy:
    """How the provider is asked: its answer is small, and somebody waits for it."""
    return OutboundPolicy(
        allowed_networks=networks,
        total_seconds=5,
        overall_seconds=8,
        connect_seconds=3,
        read_seconds=4,
        max_wire_bytes=1 << 20,
        max_body_bytes=1 << 20,
        max_redirects=2,
        attempts=2,
    )


async def _get(client: GuardedClient, url: str) -> Mapping[str, Any]:
    answer = await client.get(url, headers={"accept": "application/json"})
    if answer.status != 200:
        raise AnswerBroken(f"“{url}” answered {answer.status}.")
    document = loads(answer.content)
    if not isinstance(document, dict):
        raise TypeError(f"“{url}” gave no JSON object.")
    return document


def read_keys(document: Mapping[str, Any]) -> list[_PublicKey]:
    """The keys of a JWKS by which tokens may be signed; others in it are passed over."""
    keys: list[_PublicKey] = []
    for entry in document["keys"]:
        if not isinstance(entry, dict) or entry.get("kty") not in {"RSA", "EC"} or entry.get("use", "sig") != "sig":
            continue
        # The private half is no business of ours, and a provider that publishes it must not be believed for it.
        if "d" in entry:
            continue
        try:
            [key] = KeySet.import_key_set({"keys": [entry]}).keys
        except (JoseError, ValueError, TypeError):
            continue
        if isinstance(key, RSAKey) and key.raw_value.key_size < SMALLEST_RSA_BITS:
            continue
        if isinstance(key, RSAKey | ECKey):
            keys.append(key)
    return keys


def _choose(keys: list[_PublicKey], algorithm: str, key_id: object) -> _PublicKey | None:
    """The key that a token's header means: of the algorithm's own kind, by its name, or the only one if none is named."""
    kind, curve = ALGORITHMS[algorithm]
    fitting = [
        key
        for key in keys
        if key.key_type == kind and (curve is None or key.get("crv") == curve) and key.get("alg") in {None, algorithm}
    ]
    if key_id is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.kid == key_id), None)


def _role_of(values: list[str]) -> tuple[Role, frozenset[str]]:
    """The first of province, node and reader that is named; a node's caller speaks for all nodes that are."""
    if Role.PROVINCE in values:
        return Role.PROVINCE, frozenset()
    slugs = frozenset(value.removeprefix("node:") for value in values if value.startswith("node:"))
    named = frozenset(slug for slug in slugs if _SLUG.fullmatch(slug))
    if named:
        return Role.NODE, named
    if Role.READER in values:
        return Role.READER, frozenset()
    raise NotAllowed


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value < 2**53
