"""Every environment variable of the hub, typed. Only the doors read it."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.kit.postgres import ServerUrls, default_data_dir
from app.kit.server import resolve_urls

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class HostManners(BaseModel):
    """How one host wants to be asked; what is not given is as for every public host."""

    model_config = ConfigDict(extra="forbid")

    requests_per_second: Annotated[float | None, Field(gt=0, le=10000)] = None
    concurrency: Annotated[int | None, Field(ge=1, le=256)] = None
    hours: Annotated[
        str | None, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d( (WIB|WITA|WIT))?$")
    ] = None


class Settings(BaseSettings):
    """Read from `RAKOR_…` variables (and a `.env` file beside the command)."""

    model_config = SettingsConfigDict(env_prefix="RAKOR_", env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: Annotated[
        SecretStr | None,
        Field(
            description="External PostgreSQL ≥ 15 for the application's role; without it the embedded server is used."
        ),
    ] = None
    migration_url: Annotated[
        SecretStr | None, Field(description="The owner's URL for migrations; by default RAKOR_DATABASE_URL.")
    ] = None
    data_dir: Annotated[
        Path, Field(description="Where the embedded server keeps its data.", default_factory=default_data_dir)
    ]
    pg_bin: Annotated[
        Path | None,
        Field(description="Folder of PostgreSQL binaries for the embedded server, instead of the packaged ones."),
    ] = None
    database: Annotated[
        str, Field(description="Name of the database on the embedded server.", pattern="^[a-z_][a-z0-9_]{0,40}$")
    ] = "rakor"
    pool_size: Annotated[int, Field(description="Database connections kept by one process.", ge=1, le=100)] = 10
    allowed_networks: Annotated[
        tuple[Network, ...],
        NoDecode,
        Field(
            description="Private networks that collectors may reach, comma-separated (e.g. 127.0.0.0/8). None by default."
        ),
    ] = ()
    province: Annotated[
        str | None,
        Field(
            description="Kemendagri code of the province whose nodes the schedule collects (e.g. 35). Without it nothing is scheduled.",
            pattern=r"^\d{2}$",
        ),
    ] = None
    schedule_hours: Annotated[
        int,
        Field(
            description="How many hours after a complete run a node's current fiscal year is due again; last year's seven times, older ones thirty times as long.",
            ge=1,
            le=744,
        ),
    ] = 24
    schedule_years: Annotated[
        int,
        Field(
            description="How many fiscal years the schedule keeps up to date, the current one among them.", ge=1, le=20
        ),
    ] = 3
    max_submission_mb: Annotated[
        int, Field(description="How large a pushed body may be, in MiB as received.", ge=1, le=65536)
    ] = 2048
    rate_per_address: Annotated[
        int,
        Field(
            description="Requests a minute from one address (IPv6: /64) to one process of the API; 0 is no limit.", ge=0
        ),
    ] = 30000
    rate_per_key: Annotated[
        int, Field(description="Requests a minute with one key to one process of the API; 0 is no limit.", ge=0)
    ] = 60000
    failed_keys_per_address: Annotated[
        int,
        Field(
            description="How many different bad keys a minute one address may try before it is answered 429; 0 is no limit.",
            ge=0,
        ),
    ] = 120
    trusted_proxies: Annotated[
        tuple[Network, ...],
        NoDecode,
        Field(
            description="Networks of the proxies before the API whose X-Forwarded-For is believed, comma-separated. None by default."
        ),
    ] = ()
    reconcile_days: Annotated[
        int,
        Field(description="After how many days the schedule reads everything of a node's year again.", ge=1, le=366),
    ] = 30
    recheck_days: Annotated[
        int,
        Field(
            description="Within how many days a finished package's details are read again although its list row is unchanged; 0 is never.",
            ge=0,
            le=365,
        ),
    ] = 7
    withdraw_after_runs: Annotated[
        int,
        Field(description="How many complete runs in a row must miss a package before it is withdrawn.", ge=2, le=30),
    ] = 3
    probe_minutes: Annotated[
        int, Field(description="How often each endpoint of the province's nodes is probed; 0 is never.", ge=0, le=1440)
    ] = 15
    export_days: Annotated[
        int, Field(description="How many days a prepared export is kept as a file.", ge=1, le=366)
    ] = 7
    probe_days: Annotated[
        int,
        Field(description="How many days single probes are kept; their hourly sums stay for two years.", ge=1, le=366),
    ] = 30
    worker_concurrency: Annotated[
        int, Field(description="How many nodes one worker collects at the same time.", ge=1, le=256)
    ] = 48
    host_requests_per_second: Annotated[
        float, Field(description="Requests per second to one public host, over all workers.", gt=0, le=100)
    ] = 2.0
    host_concurrency: Annotated[
        int, Field(description="Simultaneous requests to one public host, over all workers.", ge=1, le=16)
    ] = 2
    local_requests_per_second: Annotated[
        float, Field(description="The same for hosts inside RAKOR_ALLOWED_NETWORKS.", gt=0, le=10000)
    ] = 500.0
    local_concurrency: Annotated[
        int, Field(description="The same for hosts inside RAKOR_ALLOWED_NETWORKS.", ge=1, le=256)
    ] = 64
    host_policies: Annotated[
        dict[str, HostManners],
        Field(
            description='Single hosts that ask for other manners, as JSON: {"lpse.contoh.go.id": {"requests_per_second": 0.5, "concurrency": 1, "hours": "18:00-06:00 WIB"}}.'
        ),
    ] = {}
    raw_months: Annotated[int, Field(description="How many months raw answers are kept.", ge=1, le=600)] = 120
    cors_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(description="Origins that browsers may read from, comma-separated; * is everyone."),
    ] = ("*",)
    oidc_issuer: Annotated[
        str | None,
        Field(
            description="The OpenID Connect provider whose bearer tokens are taken beside keys; without it none are.",
            pattern="^https?://",
        ),
    ] = None
    oidc_audience: Annotated[
        str | None,
        Field(
            description="The audience that such tokens must name; needed with RAKOR_OIDC_ISSUER.", validate_default=True
        ),
    ] = None
    oidc_jwks_url: Annotated[
        str | None,
        Field(
            description="Where the provider's keys are; by default its own configuration says so.", pattern="^https?://"
        ),
    ] = None
    oidc_claim: Annotated[
        str,
        Field(
            description="The claim that names roles: province, reader, node:<slug>. Dots lead into nested claims.",
            min_length=1,
        ),
    ] = "rakor_roles"
    public_url: Annotated[
        str | None,
        Field(
            description="Address by which the hub is known outside, for links in open data; by default the one that is asked.",
            pattern=r"^https?://[^\s?#]+$",
        ),
    ] = None
    publisher: Annotated[str, Field(description="Who publishes the open data.", min_length=1, max_length=200)] = "Rakor"
    publisher_url: Annotated[
        str | None, Field(description="The publisher's own address.", pattern=r"^https?://[^\s]+$")
    ] = None
    license: Annotated[
        str | None,
        Field(
            description="Address of the licence of the open data, e.g. https://creativecommons.org/licenses/by/4.0/. None by default.",
            pattern=r"^https?://[^\s]+$",
        ),
    ] = None
    ocds_prefix: Annotated[
        str,
        Field(
            description="The publisher's prefix of all ocids, which the Open Contracting Partnership gives out; ocds-000000 stands for none.",
            pattern="^ocds-[a-z0-9]{6}$",
        ),
    ] = "ocds-000000"
    url: Annotated[
        str, Field(description="The hub that `rakor push` hands files over to, by default the one on this machine.")
    ] = "http://127.0.0.1:8000"
    key: Annotated[SecretStr | None, Field(description="The key that `rakor push` sends with them.")] = None
    log_level: Annotated[
        str, Field(description="debug, info, warning or error.", pattern="^(debug|info|warning|error)$")
    ] = "info"
    log_format: Annotated[
        str, Field(description="console for people, json for machines.", pattern="^(console|json)$")
    ] = "console"

    def server_urls(self) -> ServerUrls:
        """Where the database is; without RAKOR_DATABASE_URL this process joins or starts the embedded server."""
        return resolve_urls(
            database_url=self.database_url.get_secret_value() if self.database_url else None,
            migration_url=self.migration_url.get_secret_value() if self.migration_url else None,
            data_dir=self.data_dir,
            binaries=self.pg_bin,
            database=self.database,
        )

    @field_validator("database_url", "migration_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"postgres(ql)?(\+\w+)?://", value.get_secret_value()):
            msg = "must look like postgresql://user:password@host:5432/name"
            raise ValueError(msg)
        return value

    @field_validator("oidc_audience")
    @classmethod
    def _names_who_tokens_are_for(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("oidc_issuer") is not None:
            msg = "must be set with RAKOR_OIDC_ISSUER: a token made for another service must not open this one"
            raise ValueError(msg)
        return value

    @field_validator("allowed_networks", "trusted_proxies", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
