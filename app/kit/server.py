"""Where the database is: an external PostgreSQL by URL, or the embedded one; and its schema brought up to date."""

from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from app.kit.postgres import EmbeddedPostgres, ServerUrls

_joined: dict[Path, EmbeddedPostgres] = {}


def resolve_urls(
    *,
    database_url: str | None,
    migration_url: str | None,
    data_dir: Path,
    binaries: Path | None = None,
    database: str = "rakor",
) -> ServerUrls:
    """The owner's and the application's URL. Without a database URL, join or start the embedded server for this process."""
    if database_url:
        return ServerUrls(owner=migration_url or database_url, app=database_url)
    data_dir = data_dir.expanduser().absolute()
    if data_dir not in _joined:
        _joined[data_dir] = EmbeddedPostgres(data_dir, binaries=binaries).start()
    return _joined[data_dir].urls(database)


def leave_servers() -> None:
    """Leave every embedded server this process joined; the last one out stops it."""
    while _joined:
        _joined.popitem()[1].release()


def migrate(urls: ServerUrls, revision: str = "head") -> None:
    """Bring the schema to a revision. Several at once are harmless: one works, the others wait."""
    # Half a second that only those who migrate pay; every command and every worker imports this module.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["urls"] = urls
    command.upgrade(config, revision)


def role_of(url: str) -> str | None:
    """The role named in a database URL."""
    return urlsplit(url).username


def _migrations_folder() -> Path:
    package = Path(str(resources.files("app")))
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"
