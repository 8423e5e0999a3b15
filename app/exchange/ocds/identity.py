"""Names of contracting processes and of their releases: a package's node, kind and code behind the publisher's prefix."""

import re
from dataclasses import dataclass

from app.core.vocabulary import PackageKind

PREFIX = "^ocds-[a-z0-9]{6}$"
_KINDS = "|".join(PackageKind)
# Neither a slug nor a kind holds a dot, so that no two packages can ever share a name.
_PROCESS = rf"ocds-[a-z0-9]{{6}}-[a-z0-9][a-z0-9-]{{0,62}}\.({_KINDS})\.[0-9A-Za-z][0-9A-Za-z._-]{{0,63}}"
OCID = f"^{_PROCESS}$"
RELEASE_ID = f"^{_PROCESS}-[1-9][0-9]{{0,8}}$"
_OCID = re.compile(OCID)


@dataclass(frozen=True, slots=True)
class PackageName:
    """What a package is called in the hub."""

    node: str
    kind: str
    code: str


def ocid_of(prefix: str, name: PackageName) -> str:
    return f"{prefix}-{name.node}.{name.kind}.{name.code}"


def release_id(ocid: str, version: int) -> str:
    return f"{ocid}-{version}"


def name_in(prefix: str, ocid: str) -> PackageName | None:
    """The package that an ocid of this publisher names; None for what is no such ocid."""
    if _OCID.fullmatch(ocid) is None or not ocid.startswith(f"{prefix}-"):
        return None
    return PackageName(*ocid[len(prefix) + 1 :].split(".", 2))


def split_release_id(identifier: str) -> tuple[str, int] | None:
    """The ocid and the version in a release's id."""
    ocid, _, version = identifier.rpartition("-")
    if not (version.isascii() and version.isdecimal() and version[0] != "0" and len(version) < 10):
        return None
    return ocid, int(version)
