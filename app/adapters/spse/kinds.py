"""The one table of what differs between the kinds of package on an SPSE node.

Source of paths and positions: recorded answers of spse.inaproc.id, SPSE v4.5u20250321, August 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.vocabulary import PackageKind


class DetailPage(StrEnum):
    """The pages of one package that we read, by the name under which their raw answers are kept."""

    ANNOUNCEMENT = "pengumuman"
    SCHEDULE = "jadwal"
    HISTORY = "riwayat"
    """How one stage of the schedule was moved. There is one for each stage; its address holds the stage's own id."""
    PARTICIPANTS = "peserta"
    EVALUATION = "hasil"
    WINNERS = "pemenang"
    CONTRACTED = "pemenangberkontrak"
    REALIZATIONS = "realisasi"


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where the cells that we read stand in a row of the list; None where the list does not show them.

    Tenders and non-tenders have category and fiscal years in one cell ("Pengadaan Barang - TA 2025,2026"). HPS and pagu
    are not here: the lists abbreviate them ("22,7 M").
    """

    code: int
    name: int
    institution: int
    status: int
    years: int
    category: int | None = None
    method: int | None = None
    qualification: int | None = None
    evaluation: int | None = None
    contract: int | None = None

    @property
    def width(self) -> int:
        """How many cells a row must at least have for all of the above to be there."""
        needed = (self.code, self.name, self.institution, self.status, self.years)
        shown = (self.category, self.method, self.qualification, self.evaluation, self.contract)
        return 1 + max(*needed, *(position for position in shown if position is not None))


@dataclass(frozen=True, slots=True)
class KindSpec:
    """How one kind of package is listed and shown. Paths start behind the node's base URL."""

    listing: str
    index: str
    columns: int
    row: RowLayout
    pages: Mapping[DetailPage, str]

    def path(self, page: DetailPage, code: str) -> str:
        return self.pages[page].format(code=code)


KINDS: dict[PackageKind, KindSpec] = {
    PackageKind.TENDER: KindSpec(
        listing="/lelang",
        index="/dt/lelang",
        columns=16,
        row=RowLayout(
            code=0,
            name=1,
            institution=2,
            status=3,
            qualification=5,
            method=6,
            evaluation=7,
            category=8,
            years=8,
            contract=10,
        ),
        pages={
            DetailPage.ANNOUNCEMENT: "/lelang/{code}/pengumumanlelang",
            DetailPage.SCHEDULE: "/lelang/{code}/jadwal",
            # Known from public consumers' code; the non-tender one is recorded.
            DetailPage.HISTORY: "/jadwal/{code}/history",
            DetailPage.PARTICIPANTS: "/lelang/{code}/peserta",
            DetailPage.EVALUATION: "/evaluasi/{code}/hasil",
            DetailPage.WINNERS: "/evaluasi/{code}/pemenang",
            DetailPage.CONTRACTED: "/evaluasi/{code}/pemenangberkontrak",
        },
    ),
    PackageKind.NON_TENDER: KindSpec(
        listing="/nontender",
        index="/dt/pl",
        columns=12,
        row=RowLayout(code=0, name=1, institution=2, status=3, method=5, category=6, years=6, contract=8),
        pages={
            DetailPage.ANNOUNCEMENT: "/nontender/{code}/pengumumanpl",
            DetailPage.SCHEDULE: "/nontender/{code}/jadwal",
            DetailPage.HISTORY: "/jadwalnontender/{code}/history",
            DetailPage.PARTICIPANTS: "/nontender/{code}/peserta",
            DetailPage.EVALUATION: "/evaluasinontender/{code}/hasil",
            DetailPage.WINNERS: "/evaluasinontender/{code}/pemenang",
            DetailPage.CONTRACTED: "/evaluasinontender/{code}/pemenangberkontrak",
        },
    ),
    PackageKind.RECORDED: KindSpec(
        listing="/pencatatan",
        index="/dt/nonspk",
        columns=9,
        row=RowLayout(code=0, name=1, institution=2, method=4, category=5, years=6, status=8),
        pages={
            DetailPage.ANNOUNCEMENT: "/pencatatan/pengumumannonspk?id={code}",
            DetailPage.REALIZATIONS: "/pencatatan/pengumumannonspkpemenang?id={code}",
        },
    ),
    PackageKind.SELF_MANAGED: KindSpec(
        listing="/swakelola",
        index="/dt/swakelola",
        columns=8,
        # Cells 4 and 6 are "5" in every recorded row; which of them is the version and what the other means is unknown.
        row=RowLayout(code=0, name=1, institution=2, years=5, status=7),
        pages={
            DetailPage.ANNOUNCEMENT: "/swakelola/{code}/pengumuman",
            DetailPage.REALIZATIONS: "/swakelola/pengumumanswakelolapelaksana/{code}",
        },
    ),
    PackageKind.EMERGENCY: KindSpec(
        listing="/darurat",
        index="/dt/darurat-list",
        columns=8,
        row=RowLayout(code=0, name=1, institution=2, years=4, category=6, status=7),
        pages={
            DetailPage.ANNOUNCEMENT: "/darurat/pengumumandarurat?id={code}",
            DetailPage.REALIZATIONS: "/darurat/pengumumandaruratpemenang?id={code}",
        },
    ),
}
