"""How suppliers say no."""

from app.kit.errors import HubError, Kind


class SupplierNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "supplier-not-found"
    title = "Supplier not found"

    def __init__(self, supplier: int) -> None:
        super().__init__(
            f"No supplier has the id {supplier}. GET /api/v1/suppliers lists them.",
            f"Tidak ada penyedia dengan id {supplier}. Daftarnya di GET /api/v1/suppliers.",
        )
