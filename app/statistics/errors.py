"""How figures say no."""

from app.kit.errors import HubError, Kind


class ComparisonNeedsYears(HubError):
    kind = Kind.INVALID
    code = "comparison-needs-years"
    title = "Nothing to compare with"

    def __init__(self) -> None:
        super().__init__(
            "“compare=previous_year” needs fiscal years: name them with “fiscal_year”, or group by fiscal_year.",
            "“compare=previous_year” memerlukan tahun anggaran: sebutkan dengan “fiscal_year”, atau kelompokkan menurut fiscal_year.",
        )


class FormulaNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "formula-not-found"
    title = "Formula not found"

    def __init__(self, formula: str) -> None:
        super().__init__(
            f"No formula is published as “{formula}”. GET /api/v1/statistics/formulas lists them.",
            f"Tidak ada rumus bernama “{formula}”. Daftarnya di GET /api/v1/statistics/formulas.",
        )
