"""How a route asks for a caller: `caller: AnyCaller`, `OptionalCaller`, `ProvinceCaller`, or `Permitted(Act.…)`."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.access.callers import Caller, Role
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.oidc import Provider
from app.access.permissions import Act, require
from app.access.secret import PREFIX
from app.access.service import find_key_of, note_use
from app.kit.clock import utc_now
from app.kit.db import Database

_bearer = HTTPBearer(
    auto_error=False,
    description="A key made by `rakor key create` or `POST /keys`, or a token of the identity provider if one is set up.",
)


async def _optional_caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller | None:
    if credentials is None:
        if request.headers.get("authorization"):
            raise KeyInvalid
        return None
    caller = await _identify(request, credentials.credentials)
    # Whoever counts requests learns from it that this key is one.
    request.state.caller = caller
    return caller


async def _identify(request: Request, secret: str) -> Caller:
    provider: Provider | None = getattr(request.app.state, "provider", None)
    if provider is not None and not secret.startswith(PREFIX):
        return await provider.identify(secret, now=utc_now())
    return await _by_key(request.app.state.database, secret)


async def _by_key(database: Database, secret: str) -> Caller:
    now = utc_now()
    async with database.reading() as session:
        known = await find_key_of(session, secret, now=now)
    if known.last_used_on != now.date() and known.caller.key_id is not None:
        async with database.transaction() as session:
            await note_use(session, known.caller.key_id, now.date())
    return known.caller


OptionalCaller = Annotated[Caller | None, Depends(_optional_caller)]
"""Whoever asks, if they say who: without a header nobody. A bad key is refused rather than taken for nobody."""


def _any_caller(caller: OptionalCaller) -> Caller:
    if caller is None:
        raise KeyMissing
    return caller


AnyCaller = Annotated[Caller, Depends(_any_caller)]
"""Whoever asks with a valid key, whatever their role: `require` says where they act what they may."""


def _province_caller(caller: AnyCaller) -> Caller:
    if caller.role is not Role.PROVINCE:
        raise NotAllowed
    return caller


ProvinceCaller = Annotated[Caller, Depends(_province_caller)]
"""The province's bureau and nobody else."""


def Permitted(act: Act) -> Dependency:  # noqa: N802 (read like Depends: `Annotated[Caller, Permitted(Act.PUSH)]`)
    """A caller who may do this, to the node in the path if there is one; others are refused before their body is read.

    The verb that writes asks again: this spares the foreign caller's words, it does not replace the check.
    """

    def permitted(request: Request, caller: AnyCaller) -> Caller:
        require(caller, act, request.path_params.get("node"))
        return caller

    dependency: Dependency = Depends(permitted)
    return dependency
