"""Collection over HTTP: start runs with the province's key, follow them without one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, may, require
from app.access.service import confirm_caller
from app.access.web import OptionalCaller, Permitted
from app.collection import queries, service, withdrawing
from app.collection.errors import BatchNotFound, NodeNotCollectable, ProvinceWithoutNodes, RunNotFound
from app.collection.schemas import (
    PackageKey,
    ProblemRead,
    RunBatchCreate,
    RunBatchRead,
    RunCounts,
    RunCreate,
    RunRead,
    RunState,
    WithdrawalCreate,
    WithdrawalRead,
)
from app.collection.tables import Run, RunBatch, RunProblem
from app.core.dates import TimeZone
from app.core.problems import Severity, message_of
from app.core.text import mask_code, mask_personal
from app.core.vocabulary import PackageKind
from app.kit.clock import utc_now
from app.kit.db import ReadSession
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, ExactJSON, answer_for
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page
from app.procurement.errors import NothingToWithdraw, WithdrawalNotFound
from app.registry import service as registry
from app.registry.errors import NodeNotFound, RegionNotFound
from app.registry.routes import NodeSlug

router = APIRouter(tags=["collection"])
RunId = Annotated[int, Path(ge=1, lt=2**63, examples=[1])]
Starter = Annotated[Caller, Permitted(Act.COLLECT)]
Decider = Annotated[Caller, Permitted(Act.DECIDE_WITHDRAWAL)]


@router.post(
    "/nodes/{node}/runs",
    response_model=RunRead,
    status_code=202,
    responses=problems.responses(NodeNotFound, NodeNotCollectable, KeyMissing, KeyInvalid, NotAllowed),
)
async def start_run(caller: Starter, session: Writing, now: Now, node: NodeSlug, wanted: RunCreate) -> Response:
    """Collect a node's packages of one fiscal year. The run waits its turn: one run of a node works at a time.

    An equal run that has not begun yet is answered instead of a second one.
    """
    require(await confirm_caller(session, caller, now=now), Act.COLLECT, node)
    run = await service.start_run(
        session,
        node,
        fiscal_year=wanted.fiscal_year,
        kinds=wanted.kinds,
        interface=wanted.interface,
        full=wanted.full,
        now=now,
    )
    return ExactJSON(_run(run, node), status_code=202, headers={"Location": f"/api/v1/runs/{run.id}"})


@router.get(
    "/nodes/{node}/runs", response_model=Page[RunRead], responses=problems.responses(NodeNotFound, CursorInvalid)
)
async def list_node_runs(
    session: Reading, node: NodeSlug, limit: Limit = DEFAULT_PAGE, after: After = None
) -> Response:
    """List a node's runs, newest first."""
    await registry.get_node(session, node)
    return await _runs(session, queries.RunFilter(node=node), limit, after)


@router.get("/runs", response_model=Page[RunRead], responses=problems.responses(CursorInvalid))
async def list_runs(
    session: Reading,
    node: Annotated[str | None, Query(pattern="^[a-z0-9-]{1,63}$", description="Only runs of this node.")] = None,
    state: Annotated[RunState | None, Query(description="Only runs in this state.")] = None,
    batch: Annotated[int | None, Query(ge=1, lt=2**63, description="Only runs of this batch.")] = None,
    fiscal_year: Annotated[int | None, Query(ge=2000, le=2100, description="Only runs of this year.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List runs of all nodes, newest first."""
    return await _runs(session, queries.RunFilter(node, state, batch, fiscal_year), limit, after)


@router.get("/runs/{id}", response_model=RunRead, responses=problems.responses(RunNotFound))
async def get_run(session: Reading, id: RunId) -> Response:  # noqa: A002 (the API's word)
    """One run: its state, its counts and how many problems it has."""
    run, node = await service.get_run(session, id)
    return ExactJSON(_run(run, node), changed_at=await queries.settled_at(session, run))


@router.get(
    "/runs/{id}/problems",
    response_model=Page[ProblemRead],
    responses=problems.responses(RunNotFound, CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def list_run_problems(
    caller: OptionalCaller,
    session: Reading,
    id: RunId,  # noqa: A002 (the API's word)
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """What could not be understood or read in a run, each with the offending text and a sentence in both languages."""
    _found, node = await service.get_run(session, id)
    key = decode_cursor(after, int)
    rows = await queries.list_problems(session, id, after=key[0] if key else None, limit=limit + 1)
    items = [_problem(row, node, caller) for row in rows[:limit]]
    return answer_for(caller, Page(items=items, next=encode_cursor(rows[limit - 1].id) if len(rows) > limit else None))


@router.get(
    "/problems",
    response_model=Page[ProblemRead],
    responses=problems.responses(CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def list_problems(
    caller: OptionalCaller,
    session: Reading,
    node: Annotated[str | None, Query(pattern="^[a-z0-9-]{1,63}$", description="Only problems of this node.")] = None,
    code: Annotated[str | None, Query(pattern="^[a-z-]{1,60}$", description="Only this code.")] = None,
    severity: Annotated[Severity | None, Query(description="Only this severity.")] = None,
    fiscal_year: Annotated[int | None, Query(ge=2000, le=2100, description="Only runs of this year.")] = None,
    latest: Annotated[
        bool, Query(description="Only what the last run of each node, interface and year found.")
    ] = False,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """What is wrong with the data of all nodes, newest first: for a work list, ask with `latest=true`."""
    wanted = queries.ProblemFilter(node, code, severity, fiscal_year, latest)
    key = decode_cursor(after, int)
    found = await queries.list_all_problems(session, wanted, before=key[0] if key else None, limit=limit + 1)
    items = [_problem(row, slug, caller) for row, slug in found[:limit]]
    following = encode_cursor(found[limit - 1][0].id) if len(found) > limit else None
    return answer_for(caller, Page(items=items, next=following))


@router.get(
    "/runs/{id}/withdrawal",
    response_model=WithdrawalRead,
    responses=problems.responses(RunNotFound),
)
async def get_withdrawal(session: Reading, id: RunId) -> Response:  # noqa: A002 (the API's word)
    """What a confirmation would withdraw: packages that the run's shrunken lists did not show."""
    return ExactJSON(_withdrawal(await withdrawing.preview_withdrawal(session, id), dry_run=True))


@router.post(
    "/runs/{id}/withdrawal",
    response_model=WithdrawalRead,
    responses=problems.responses(RunNotFound, NothingToWithdraw, KeyMissing, KeyInvalid, NotAllowed),
)
async def confirm_withdrawal(
    caller: Decider,
    session: Writing,
    now: Now,
    id: RunId,  # noqa: A002 (the API's word)
    wanted: WithdrawalCreate,
) -> Response:
    """Withdraw what a list that shrank no longer shows. It is audited, and DELETE gives everything back."""
    if wanted.dry_run:
        return ExactJSON(_withdrawal(await withdrawing.preview_withdrawal(session, id), dry_run=True))
    decision = await withdrawing.confirm_withdrawal(session, id, caller=caller, reason=wanted.reason, now=now)
    return ExactJSON(_withdrawal(decision, dry_run=False))


@router.delete(
    "/runs/{id}/withdrawal",
    response_model=WithdrawalRead,
    responses=problems.responses(RunNotFound, WithdrawalNotFound, KeyMissing, KeyInvalid, NotAllowed),
)
async def undo_withdrawal(caller: Decider, session: Writing, now: Now, id: RunId) -> Response:  # noqa: A002 (the API's word)
    """Undo a confirmed withdrawal: its packages count again."""
    return ExactJSON(_withdrawal(await withdrawing.undo_withdrawal(session, id, caller=caller, now=now), dry_run=False))


@router.post(
    "/run-batches",
    response_model=RunBatchRead,
    status_code=202,
    responses=problems.responses(RegionNotFound, ProvinceWithoutNodes, KeyMissing, KeyInvalid, NotAllowed),
)
async def start_run_batch(caller: Starter, session: Writing, now: Now, wanted: RunBatchCreate) -> Response:
    """Collect all active nodes of a province, for the years given (this year if none). Follow it at its Location."""
    require(await confirm_caller(session, caller, now=now), Act.COLLECT)
    years = [*wanted.fiscal_years, *([wanted.fiscal_year] if wanted.fiscal_year else [])]
    this_year = utc_now().astimezone(TimeZone.WIB.info).year
    batch = await service.start_batch(
        session, wanted.province, fiscal_years=years or [this_year], full=wanted.full, now=now
    )
    return ExactJSON(
        await _batch(session, batch), status_code=202, headers={"Location": f"/api/v1/run-batches/{batch.id}"}
    )


@router.get("/run-batches/{id}", response_model=RunBatchRead, responses=problems.responses(BatchNotFound))
async def get_run_batch(session: Reading, id: RunId) -> Response:  # noqa: A002 (the API's word)
    """How far the collection of a province has come, in one answer."""
    return ExactJSON(await _batch(session, await service.get_batch(session, id)))


def _problem(row: RunProblem, node: str, caller: Caller | None) -> ProblemRead:
    package, field, value = row.package, row.field, row.value
    if not may(caller, Act.READ_PERSONAL, node):
        package = package and mask_code(package)
        # A misplaced value or heading may be anything: what a list put into a column for codes is judged as one.
        value = value and (mask_code(value) if _is_code(field) else mask_personal(value))
        field = field and mask_personal(field)
    return ProblemRead.model_validate(
        {
            **{name: getattr(row, name) for name in ("code", "severity", "kind", "at")},
            "node": node,
            "package": package,
            "field": field,
            "value": value,
            "message": message_of(row.code, field=field, value=value),
        }
    )


def _is_code(field: str | None) -> bool:
    return field is not None and field.startswith(("code", "rup_code", "kd_"))


def _withdrawal(found: withdrawing.Withdrawal, *, dry_run: bool) -> WithdrawalRead:
    return WithdrawalRead(
        run=found.run_id,
        dry_run=dry_run,
        packages=len(found.packages),
        withdrawn=found.withdrawn,
        decided_at=found.decided_at,
        sample=[PackageKey(kind=PackageKind(kind), code=code) for kind, code, _ in found.packages[:100]],
    )


async def _runs(session: ReadSession, wanted: queries.RunFilter, limit: int, after: str | None) -> Response:
    key = decode_cursor(after, int)
    found = await queries.list_runs(session, wanted, before=key[0] if key else None, limit=limit + 1)
    items = [_run(run, node) for run, node in found[:limit]]
    return ExactJSON(Page(items=items, next=encode_cursor(items[-1].id) if len(found) > limit else None))


def _run(run: Run, node: str) -> RunRead:
    return RunRead.model_validate(
        {
            **{name: getattr(run, name) for name in _PLAIN},
            "node": node,
            "batch": run.batch_id,
            "counts": {name: getattr(run, name) for name in RunCounts.model_fields},
        }
    )


async def _batch(session: ReadSession, batch: RunBatch) -> RunBatchRead:
    progress = await queries.batch_progress(session, batch.id)
    is_finished = progress["queued"] + progress["running"] == 0
    return RunBatchRead.model_validate(
        {
            "id": batch.id,
            "province": batch.province,
            "fiscal_years": batch.fiscal_years,
            "requested_at": batch.requested_at,
            "finished_at": progress["last_finished_at"] if is_finished else None,
            "counts": {name: progress[name] for name in RunCounts.model_fields},
            **{name: progress[name] for name in _PROGRESS},
        }
    )


_PLAIN = (
    "id", "fiscal_year", "interface", "kinds", "full", "origin", "state", "attempt", "requested_at", "started_at", "finished_at",
    "listed", "requests", "problems",
)  # fmt: skip
_PROGRESS = ("nodes", "runs", "queued", "running", "completed", "unsuccessful", "listed", "requests", "problems")
