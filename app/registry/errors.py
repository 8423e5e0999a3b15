"""How the register says no."""

from app.kit.errors import HubError, Kind


class NodeNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "node-not-found"
    title = "Node not found"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"No node is registered as “{slug}”.",
            f"Tidak ada node yang terdaftar sebagai “{slug}”.",
        )


class NodeAlreadyRegistered(HubError):
    kind = Kind.CONFLICT
    code = "node-already-registered"
    title = "Node already registered"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"A node with {what} is already registered.",
            f"Node dengan {what} sudah terdaftar.",
        )


class RegionNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "region-not-found"
    title = "Region not found"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"There is no region with the Kemendagri code “{code}”.",
            f"Tidak ada wilayah dengan kode Kemendagri “{code}”.",
        )


class ReferenceUnknown(HubError):
    kind = Kind.INVALID
    code = "reference-unknown"
    title = "Reference not known"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(
            f"“{field}” names “{value}”, which is not in the register.",
            f"“{field}” menyebut “{value}” yang tidak ada dalam daftar.",
        )
