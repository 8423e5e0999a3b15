"""How figures say no."""

from app.kit.errors import HubError, Kind


class FormulaNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "formula-not-found"
    title = "Formula not found"

    def __init__(self, formula: str) -> None:
        super().__init__(
            f"No formula is published as “{formula}”. GET /api/v1/statistics/formulas lists them.",
            f"Tidak ada rumus bernama “{formula}”. Daftarnya di GET /api/v1/statistics/formulas.",
        )
