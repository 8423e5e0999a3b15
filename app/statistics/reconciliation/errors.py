"""How reconciliation says no."""

from app.kit.errors import HubError, Kind


class ScopeTooWide(HubError):
    kind = Kind.INVALID
    code = "scope-too-wide"
    title = "NodeScope too wide"

    def __init__(self, packages: int | None, most: int) -> None:
        if packages is None:
            super().__init__(
                "Sources are compared package by package: name a fiscal_year, and a node, a region or a province.",
                "Sumber dibandingkan paket demi paket: sebutkan fiscal_year, dan node, region, atau province.",
            )
        else:
            super().__init__(
                f"Sources are compared package by package, for at most {most} packages at once; these nodes and years "
                f"have {packages}. Ask for fewer nodes or years.",
                f"Sumber dibandingkan paket demi paket, paling banyak {most} paket sekaligus; node dan tahun ini memiliki "
                f"{packages}. Mintalah lebih sedikit node atau tahun.",
            )
