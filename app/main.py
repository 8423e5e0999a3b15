"""The HTTP door: wires settings, database and features into one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import Field

from app.access.oidc import Provider, ProviderSettings, outbound_policy
from app.access.routes import router as access
from app.collection.routes import router as collection
from app.core.field_words import FIELD_WORDS, PARAMETER_WORDS
from app.core.problems import PROBLEM_KINDS
from app.exchange.exports.describing import Publisher
from app.exchange.exports.preparing import ExportPolicy
from app.exchange.exports.routes import router as exports
from app.exchange.exports.service import Desk
from app.exchange.feed.routes import router as feed
from app.exchange.feed.waiting import HEAD, FeedWatch
from app.exchange.ocds.crawlers import router as crawlers
from app.exchange.ocds.packaging import Publication
from app.exchange.ocds.routes import router as ocds
from app.exchange.webhooks.routes import router as webhooks
from app.exchange.webhooks.targets import outbound_policy as webhook_policy
from app.kit.db import Asker, open_database
from app.kit.log import configure_logging
from app.kit.server import migrate
from app.kit.web.answers import ExactJSON
from app.kit.web.body_manners import BodyManners
from app.kit.web.compression import Compression
from app.kit.web.conditional import EntityTags
from app.kit.web.deps import refuse_other_media, refuse_unknown_parameters
from app.kit.web.docs import install_docs
from app.kit.web.edge import CrossOriginReads, HeadAsGet, RequestEdge
from app.kit.web.health import health_router
from app.kit.web.leaving import noticing_departure
from app.kit.web.limits import RateLimits, RatePolicy
from app.kit.web.links import SERVICE
from app.kit.web.openapi import Words, describe, operation_id
from app.kit.web.problem_page import install_problem_page
from app.kit.web.problems import ProblemGuard, install_problem_handlers
from app.kit.web.ready import ReadyAnswers, SharedReading
from app.kit.web.schema import Schema
from app.procurement.epochs import SETTLE_EPOCH
from app.procurement.routes import router as procurement
from app.registry.proposal_routes import router as proposals
from app.registry.routes import router as registry
from app.settings import Settings
from app.statistics.progress.routes import router as progress
from app.statistics.rankings.routes import router as rankings
from app.statistics.reconciliation.routes import router as reconciliation
from app.statistics.reported_routes import router as reported
from app.statistics.routes import router as statistics
from app.statistics.suppliers.routes import router as suppliers
from app.statistics.versions import version_asker
from app.submission.routes import router as submission
from app.submission.schema_routes import router as row_schemas
from app.submission.service import Policy as SubmissionPolicy
from app.submission.withdrawal_routes import router as submission_withdrawals

MAX_BODY_BYTES = 1024 * 1024
"""What is written to these routes is small JSON; more is refused before it is read."""

DESCRIPTION = """
The coordination hub of a province's electronic procurement (LPSE/SPSE).

* Reads are public; keeping the register and starting collections needs a key: `Authorization: Bearer …`.
* Lists come in pages: ask again with `after` set to `next` until it is null.
* Amounts are rupiah as exact JSON numbers; unknown is null, never 0. Moments are UTC.
* Every error is `application/problem+json` with a stable `code` and a sentence in Indonesian and English.
* Every answer has an `ETag`: send it back as `If-None-Match` and an unchanged answer costs a 304. Some also say `Last-Modified`.
* Pages are linked (`Link: …; rel="next"`). `fields=` names what is wanted of each item; such an answer comes as
  `application/vnd.rakor.sparse+json`, for only in it are fields absent.
* Bodies are compressed by zstd or gzip, whichever `Accept-Encoding` prefers; pages of any origin may read.
"""

TAGS = [
    {"name": "access", "description": "Keys, and the trail of what was done with them."},
    {"name": "registry", "description": "Regions, institutions and the LPSE nodes."},
    {"name": "collection", "description": "Runs that pull packages from nodes."},
    {"name": "procurement", "description": "Packages in the shared schema, with history and evidence."},
    {
        "name": "submission",
        "description": "The push door: bodies in, receipts and problems out; row schemas and templates.",
    },
    {"name": "statistics", "description": "Figures that say what they rest on."},
    {
        "name": "exchange",
        "description": "Taking everything away: the change feed, exports, OCDS, webhooks.",
    },
    {"name": "webhooks", "description": "Being told what happens: subscriptions, signed messages, deliveries."},
    {"name": "operations", "description": "Is it alive, is it ready, what is here."},
]


class Index(Schema):
    """Where things are."""

    name: str
    version: Annotated[str, Field(examples=["0.1.0"])]
    documentation: str
    openapi: str
    resources: Annotated[dict[str, str], Field(examples=[{"nodes": "/api/v1/nodes"}])]


def _index_router() -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/api/v1", response_model=Index)
    async def get_index() -> Response:
        """What this API offers, and where."""
        names = (
            "regions",
            "institutions",
            "nodes",
            "register-proposals",
            "runs",
            "run-batches",
            "problems",
            "packages",
            "suppliers",
            "statistics/savings",
            "changes",
            "ocds/releases",
            "ocds/records",
            "ocds/bulk",
            "exports",
            "webhooks",
        )
        return ExactJSON(
            Index(
                name="Rakor",
                version=version("rakor"),
                documentation="/docs",
                openapi="/openapi.json",
                resources={name.replace("/", "_").replace("-", "_"): f"/api/v1/{name}" for name in names},
            ),
            headers={"Link": SERVICE},
        )

    return router


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. The database is opened when it starts, not when it is imported."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(settings.log_level, settings.log_format)
        url = prepare_database(settings)
        database = open_database(url, pool_size=settings.pool_size, first_words=SETTLE_EPOCH)
        app.state.database = database
        # A reader of a whole list holds its connection for minutes: never one that others wait for.
        policy = ExportPolicy(keep=timedelta(days=settings.export_days))
        leaving = open_database(
            url, pool_size=policy.streams + policy.files, application_name="rakor-exports", first_words=SETTLE_EPOCH
        )
        app.state.exports = Desk(leaving, policy)
        app.state.trusted_proxies = settings.trusted_proxies
        app.state.publisher = Publisher(
            settings.publisher, settings.publisher_url, settings.license, settings.public_url
        )
        versions = version_asker(database)
        app.state.figure_version = SharedReading(versions.ask)
        heads = Asker(database, HEAD)
        app.state.feed_watch = FeedWatch(SharedReading(heads.ask))
        app.state.provider = open_provider(settings)
        app.state.health_checks = {"database": database.ping}
        app.state.max_submission_bytes = settings.max_submission_mb * 1024 * 1024
        app.state.ocds = Publication(
            prefix=settings.ocds_prefix,
            publisher=settings.publisher,
            publisher_url=settings.publisher_url,
            license=settings.license,
            root=settings.public_url,
        )
        app.state.webhook_policy = webhook_policy(settings.allowed_networks)
        app.state.submission_policy = SubmissionPolicy(withdraw_after=settings.withdraw_after_runs)
        with noticing_departure(app.state.feed_watch.close):
            yield
        await heads.close()
        await versions.close()
        await leaving.close()
        await database.close()

    app = FastAPI(
        title="Rakor",
        version=version("rakor"),
        summary="Coordination hub of a province's electronic procurement",
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "Rakor"},
        servers=[{"url": "/", "description": "The hub that serves this document."}],
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        dependencies=[Depends(refuse_unknown_parameters), Depends(refuse_other_media)],
        redirect_slashes=False,
    )
    for router in (
        access,
        registry,
        proposals,
        collection,
        procurement,
        statistics,
        suppliers,
        reported,
        rankings,
        reconciliation,
        progress,
        feed,
        exports,
        webhooks,
        ocds,
        row_schemas,
        submission_withdrawals,
    ):
        app.include_router(router, prefix="/api/v1", max_body_size=MAX_BODY_BYTES)
    # Bodies of this one are streamed, and bounded where they are read.
    app.include_router(submission, prefix="/api/v1")
    # At addresses that others have chosen.
    app.include_router(crawlers, max_body_size=MAX_BODY_BYTES)
    app.include_router(_index_router())
    app.include_router(health_router())
    install_problem_handlers(app)
    install_docs(app)
    install_problem_page(app, {code: (kind.indonesian, kind.english) for code, kind in PROBLEM_KINDS.items()})
    app.openapi = lambda: describe(app, Words(FIELD_WORDS, PARAMETER_WORDS))  # type: ignore[method-assign]  # FastAPI's documented way to extend the contract

    app.add_middleware(ProblemGuard)
    app.add_middleware(EntityTags)
    app.add_middleware(Compression)
    app.add_middleware(ReadyAnswers, prefixes=("/api/v1/statistics/", "/api/v1/rankings"))
    app.add_middleware(
        RateLimits,
        policy=RatePolicy(
            per_address=settings.rate_per_address,
            per_key=settings.rate_per_key,
            failed_keys_per_address=settings.failed_keys_per_address,
            trusted_proxies=settings.trusted_proxies,
        ),
    )
    app.add_middleware(HeadAsGet)
    app.add_middleware(CrossOriginReads, origins=settings.cors_origins)
    app.add_middleware(RequestEdge)
    app.add_middleware(BodyManners)
    return app


def open_provider(settings: Settings) -> Provider | None:
    """The identity provider whose tokens are taken beside keys, if there is one."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    wanted = ProviderSettings(settings.oidc_issuer, settings.oidc_audience, settings.oidc_claim, settings.oidc_jwks_url)
    return Provider(wanted, outbound_policy(settings.allowed_networks))


def prepare_database(settings: Settings) -> str:
    """Find the database (starting the embedded one if need be) and bring its schema up to date if we own it."""
    urls = settings.server_urls()
    if settings.database_url is None:
        migrate(urls)
    return urls.app


def __getattr__(name: str) -> FastAPI:
    # `uvicorn app.main:app` works as everybody expects, and importing this module still starts nothing.
    if name == "app":
        return create_app()
    raise AttributeError(name)
