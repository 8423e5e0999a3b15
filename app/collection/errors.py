"""How collection says no."""

from app.kit.errors import HubError, Kind


class RunNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "run-not-found"
    title = "Run not found"

    def __init__(self, run_id: int) -> None:
        super().__init__(f"There is no run {run_id}.", f"Tidak ada pengambilan data nomor {run_id}.")


class BatchNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "run-batch-not-found"
    title = "Run batch not found"

    def __init__(self, batch_id: int) -> None:
        super().__init__(f"There is no run batch {batch_id}.", f"Tidak ada pengambilan serentak nomor {batch_id}.")


class NodeNotCollectable(HubError):
    kind = Kind.CONFLICT
    code = "node-not-collectable"
    title = "Node cannot be collected"

    def __init__(self, slug: str, english: str, indonesian: str) -> None:
        super().__init__(
            f"The node “{slug}” cannot be collected: {english}.",
            f"Node “{slug}” tidak dapat diambil datanya: {indonesian}.",
        )


class ProvinceWithoutNodes(HubError):
    kind = Kind.CONFLICT
    code = "province-without-nodes"
    title = "Province without nodes"

    def __init__(self, province: str) -> None:
        super().__init__(
            f"The province {province} has no active node with an endpoint that can be asked.",
            f"Provinsi {province} tidak memiliki node aktif yang dapat dihubungi.",
        )


class RunSuperseded(Exception):
    """This attempt is no longer the run's own: another worker took over, or the run has ended. Nothing was written."""
