"""Keys and the audit trail over HTTP."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import StringConstraints

from app.access import keys, queries
from app.access.callers import Caller, Role
from app.access.errors import (
    KeyEnded,
    KeyExpiryInvalid,
    KeyInvalid,
    KeyMissing,
    KeyNodeUnknown,
    KeyNotFound,
    KeyScopeInvalid,
    NotAllowed,
)
from app.access.permissions import Act
from app.access.schemas import AuditRead, KeyCreate, KeyIssued, KeyRead, KeyState, NodeSlug, RotationCreate
from app.access.tables import AuditEntry
from app.access.web import Permitted
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Moment, Page

router = APIRouter(tags=["access"])

KeyId = Annotated[int, Path(ge=1, lt=2**63, examples=[12])]
KeyKeeper = Annotated[Caller, Permitted(Act.KEEP_KEYS)]
TrailReader = Annotated[Caller, Permitted(Act.READ_AUDIT)]
FilterText = Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
Acts = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[a-z.-]{1,60}$")]],
    Query(max_length=20, description="Only these acts.", examples=[["key.created"]]),
]
_REFUSED = (KeyMissing, KeyInvalid, NotAllowed)
# What only some may read, and a secret above all, stays in no cache on the way.
_UNKEPT = {"Cache-Control": "no-store"}


@router.post(
    "/keys",
    response_model=KeyIssued,
    status_code=201,
    responses=problems.responses(KeyScopeInvalid, KeyNodeUnknown, KeyExpiryInvalid, *_REFUSED),
)
async def create_key(caller: KeyKeeper, session: Writing, now: Now, new: KeyCreate) -> Response:
    """Make a key. The answer shows its secret, this once; only its hash is kept."""
    draft = keys.KeyDraft(new.role, new.name, frozenset(new.nodes), new.expires_at)
    return _issued(await keys.issue_key(session, draft, caller=caller, now=now))


@router.get("/keys", response_model=Page[KeyRead], responses=problems.responses(CursorInvalid, *_REFUSED))
async def list_keys(
    caller: KeyKeeper,
    session: Reading,
    now: Now,
    role: Annotated[Role | None, Query(description="Only keys of this role.")] = None,
    node: Annotated[NodeSlug | None, Query(description="Only keys that speak for this node.")] = None,
    state: Annotated[KeyState | None, Query(description="Only keys in this state.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List keys in the order of their making, also those that have ended; never their secrets."""
    key = decode_cursor(after, int)
    wanted = queries.KeyFilter(role, node, state)
    found = await queries.list_keys(session, wanted, after=key[0] if key else None, limit=limit + 1, now=now)
    items = [KeyRead.model_validate(view) for view in found[:limit]]
    following = encode_cursor(items[-1].id) if len(found) > limit else None
    return ExactJSON(Page(items=items, next=following), headers=_UNKEPT)


@router.get("/keys/{id}", response_model=KeyRead, responses=problems.responses(KeyNotFound, *_REFUSED))
async def get_key(caller: KeyKeeper, session: Reading, now: Now, id: KeyId) -> Response:  # noqa: A002 (the API's word)
    """One key, without its secret."""
    found = await queries.find_key(session, id, now=now)
    if found is None:
        raise KeyNotFound(id)
    return ExactJSON(KeyRead.model_validate(found), headers=_UNKEPT)


@router.post(
    "/keys/{id}/rotations",
    response_model=KeyIssued,
    status_code=201,
    responses=problems.responses(KeyNotFound, KeyEnded, KeyExpiryInvalid, *_REFUSED),
)
async def rotate_key(
    caller: KeyKeeper,
    session: Writing,
    now: Now,
    id: KeyId,  # noqa: A002 (the API's word)
    wanted: RotationCreate,
) -> Response:
    """Give a key a new secret, shown this once. The one it had goes on opening for `overlap_hours`; then it ends."""
    overlap = timedelta(hours=wanted.overlap_hours)
    issued = await keys.rotate_key(session, id, overlap=overlap, caller=caller, now=now, expires_at=wanted.expires_at)
    return _issued(issued)


@router.delete("/keys/{id}", response_model=KeyRead, responses=problems.responses(KeyNotFound, *_REFUSED))
async def revoke_key(caller: KeyKeeper, session: Writing, now: Now, id: KeyId) -> Response:  # noqa: A002 (the API's word)
    """Revoke a key: none of its secrets opens anything from this moment. Revoking it again changes nothing."""
    revoked = await keys.revoke_key(session, id, caller=caller, now=now)
    return ExactJSON(KeyRead.model_validate(revoked), headers=_UNKEPT)


@router.get("/audit", response_model=Page[AuditRead], responses=problems.responses(CursorInvalid, *_REFUSED))
async def list_audit_entries(
    caller: TrailReader,
    session: Reading,
    act: Acts = [],  # noqa: B006 (FastAPI copies defaults)
    subject: Annotated[FilterText, Query(description="Only what was done to this.", examples=["node surabaya"])] = None,
    actor: Annotated[FilterText, Query(description="Only what was done by this caller.", examples=["key:12"])] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Only from this moment on.")] = None,
    before: Annotated[Moment | None, Query(description="Only before this moment.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """The audit trail, newest first: every administrative act, sealed with the one before it.

    The newest entry's `hash` seals all before it. Keep it elsewhere: whoever should rewrite the whole trail is found out
    by it. `rakor verify` follows the trail from its beginning.
    """
    key = decode_cursor(after, int)
    wanted = queries.TrailFilter(act, subject, actor, since, before)
    found = await queries.list_entries(session, wanted, before_id=key[0] if key else None, limit=limit + 1)
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return ExactJSON(Page(items=[_entry(entry) for entry in found[:limit]], next=following), headers=_UNKEPT)


def _issued(issued: keys.IssuedKey) -> Response:
    shown = {name: getattr(issued.key, name) for name in KeyRead.model_fields}
    location = f"/api/v1/keys/{issued.key.id}"
    return ExactJSON(KeyIssued(**shown, key=issued.secret), status_code=201, headers={"Location": location, **_UNKEPT})


def _entry(entry: AuditEntry) -> AuditRead:
    plain = {name: getattr(entry, name) for name in ("id", "at", "actor", "key_id", "act", "subject", "details")}
    return AuditRead(**plain, previous_hash=entry.previous_hash.hex(), hash=entry.hash.hex())
