"""How reconciliation says no."""

from app.kit.errors import HubError, Kind


class ScopeTooWide(HubError):
    kind = Kind.INVALID
    code = "scope-too-wide"
    title = "NodeScope too wide"

    def __init__(self, packages: int, most: int) -> None:
        super().__init__(
            f"Sources are compared package by package, for at most {most} packages at once; these nodes and years have "
            f"{packages}. Name a node, a region or a province, or fewer fiscal years.",
            f"Sumber dibandingkan paket demi paket, paling banyak {most} paket sekaligus; node dan tahun ini memiliki "
            f"{packages}. Sebutkan node, region, atau province, atau lebih sedikit tahun anggaran.",
        )
