"""What can be taken away: each dataset with its titles, its columns and what names a row of it."""

from dataclasses import dataclass
from enum import StrEnum

from app.exchange.exports.columns import AWARDS, PACKAGES
from app.exchange.exports.figures import figure_layout
from app.exchange.exports.layout import Layout
from app.exchange.exports.nodes import NODES
from app.statistics.questions import Dimension


class DatasetName(StrEnum):
    """Which dataset."""

    AWARDS = "awards"
    NODES = "nodes"
    PACKAGES = "packages"
    STATISTICS = "statistics"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset as it is described; titles and descriptions are Indonesian, then English."""

    name: DatasetName
    title: tuple[str, str]
    description: tuple[str, str]
    layout: Layout
    key: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    refers: str | None = None
    """The dataset whose key is the beginning of this one's."""


USUAL_GROUPS = (Dimension.NODE, Dimension.FISCAL_YEAR, Dimension.KIND)
"""How figures are grouped where they are described for everybody."""

_PACKAGE_KEY = ("node", "kind", "code")
DATASETS: dict[DatasetName, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            DatasetName.AWARDS,
            ("Pemenang paket pengadaan", "Winners of procurement packages"),
            (
                "Satu baris per pemenang paket, dengan nilai menurut tiap dasar. NPWP disamarkan untuk umum.",
                "One row per winner of a package, with the amounts by every basis. NPWP are masked for the public.",
            ),
            AWARDS,
            (*_PACKAGE_KEY, "position"),
            ("pengadaan", "pemenang", "penyedia", "procurement", "awards", "suppliers"),
            refers="packages",
        ),
        Dataset(
            DatasetName.NODES,
            ("Daftar LPSE", "Register of LPSE nodes"),
            (
                "Satu baris per LPSE dalam daftar, dengan keadaan pengumpulannya.",
                "One row per LPSE node of the register, with how its collection stands.",
            ),
            NODES,
            ("slug",),
            ("LPSE", "SPSE", "register"),
        ),
        Dataset(
            DatasetName.PACKAGES,
            ("Paket pengadaan", "Procurement packages"),
            (
                "Satu baris per proses pengadaan: tender, non-tender, pencatatan, swakelola, dan darurat.",
                "One row per procurement process: tender, non-tender, recorded, self-managed and emergency.",
            ),
            PACKAGES,
            _PACKAGE_KEY,
            ("pengadaan", "paket", "tender", "procurement", "contracts"),
        ),
        Dataset(
            DatasetName.STATISTICS,
            ("Statistik pengadaan", "Procurement figures"),
            (
                "Satu baris per kelompok dari satu statistik (parameter figure): penghematan, persaingan, dan lainnya.",
                "One row per group of one figure (parameter figure): savings, competition and others.",
            ),
            figure_layout("savings", USUAL_GROUPS),
            (),
            ("statistik", "penghematan", "persaingan", "statistics", "savings"),
        ),
    )
}
