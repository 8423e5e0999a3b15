"""How reported figures say no."""

from app.kit.errors import HubError, Kind


class ReportedFiguresNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "reported-figures-not-found"
    title = "No reported figures"

    def __init__(self, slug: str, fiscal_year: int) -> None:
        super().__init__(
            f"The node “{slug}” has stated nothing of {fiscal_year} so far.",
            f"Node “{slug}” belum menyatakan angka untuk tahun anggaran {fiscal_year}.",
        )


class RevisionOutdated(HubError):
    kind = Kind.PRECONDITION
    code = "revision-outdated"
    title = "Revision outdated"

    def __init__(self, revision: int | None) -> None:
        if revision is None:
            super().__init__(
                "Nothing has been stated for this year so far: send the statement without “If-Match”.",
                "Belum ada pernyataan untuk tahun ini: kirimkan tanpa “If-Match”.",
            )
        else:
            super().__init__(
                f"Somebody has stated other figures in the meantime (revision {revision}). Read them first.",
                f"Sementara itu sudah ada pernyataan lain (revisi {revision}). Bacalah lebih dahulu.",
            )
