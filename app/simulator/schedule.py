"""The stages that a package goes through, laid over the calendar in the node's local time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from app.simulator.nodes import Kind
from app.simulator.packages import Revision, Stage

REASON_MOVED = "Penyesuaian waktu evaluasi (simulasi)"


@dataclass(frozen=True, slots=True)
class Step:
    """A stage before it has a date: days after publication when it begins, and how long it lasts."""

    name: str
    begins: int
    lasts: int
    announces_winner: bool = False
    """From this stage on names, evaluation and winner are public."""


_TENDER_STEPS = (
    Step("Pengumuman Pascakualifikasi", 0, 7),
    Step("Download Dokumen Pemilihan", 0, 9),
    Step("Pemberian Penjelasan", 3, 1),
    Step("Upload Dokumen Penawaran", 4, 6),
    Step("Pembukaan Dokumen Penawaran", 10, 1),
    Step("Evaluasi Administrasi, Kualifikasi, Teknis, dan Harga", 11, 9),
    Step("Pembuktian Kualifikasi", 14, 5),
    Step("Penetapan Pemenang", 20, 1),
    Step("Pengumuman Pemenang", 21, 1, announces_winner=True),
    Step("Masa Sanggah", 22, 5, announces_winner=True),
    Step("Surat Penunjukan Penyedia Barang/Jasa", 28, 6, announces_winner=True),
    Step("Penandatanganan Kontrak", 35, 10, announces_winner=True),
)
_TWO_FILES = (
    *_TENDER_STEPS[:4],
    Step("Pembukaan dan Evaluasi Penawaran File I: Administrasi, Dokumen Kualifikasi, dan Teknis", 10, 10),
    Step("Pembukaan dan Evaluasi Penawaran File II: Harga", 20, 4),
    *(Step(step.name, step.begins + 6, step.lasts, step.announces_winner) for step in _TENDER_STEPS[7:]),
)
_QUALIFIED_FIRST = {
    "Pengumuman Pascakualifikasi": "Pengumuman Prakualifikasi",
    "Download Dokumen Pemilihan": "Download Dokumen Kualifikasi",
}
_TWO_FILES_QUALIFIED_FIRST = tuple(
    replace(step, name=_QUALIFIED_FIRST.get(step.name, step.name)) for step in _TWO_FILES
)
_FAST_STEPS = (
    Step("Pengumuman Tender", 0, 3),
    Step("Upload Dokumen Penawaran", 1, 4),
    Step("Reverse Auction", 5, 1),
    Step("Verifikasi Kualifikasi", 6, 3),
    Step("Penetapan Pemenang", 9, 1),
    Step("Pengumuman Pemenang", 10, 1, announces_winner=True),
    Step("Surat Penunjukan Penyedia Barang/Jasa", 12, 4, announces_winner=True),
    Step("Penandatanganan Kontrak", 16, 8, announces_winner=True),
)
_NON_TENDER_STEPS = (
    Step("Upload Dokumen Penawaran", 0, 4),
    Step("Pembukaan Dokumen Penawaran", 4, 1),
    Step("Evaluasi Penawaran", 5, 2),
    Step("Klarifikasi Teknis dan Negosiasi", 5, 2),
    Step("Penandatanganan Kontrak", 8, 5, announces_winner=True),
)


def steps_for(kind: Kind, method: str, qualification: str) -> tuple[Step, ...]:
    if kind == "non_tender":
        return _NON_TENDER_STEPS
    if method == "Tender Cepat":
        return _FAST_STEPS
    if qualification.startswith("Prakualifikasi"):
        return _TWO_FILES_QUALIFIED_FIRST
    return _TWO_FILES if qualification.endswith("Dua File") else _TENDER_STEPS


def length_in_days(steps: tuple[Step, ...]) -> int:
    return steps[-1].begins + steps[-1].lasts


def lay_out(rng: Random, steps: tuple[Step, ...], published_on: date) -> tuple[Stage, ...]:
    """Give every step its hours, and a few of them a changed schedule."""
    stages = []
    for step in steps:
        begins = datetime.combine(
            published_on + timedelta(days=step.begins), time(rng.randint(8, 15), rng.choice((0, 5, 30)))
        )
        ends = datetime.combine(published_on + timedelta(days=step.begins + step.lasts), time(rng.choice((12, 16)), 0))
        changes = rng.choices((0, 1, 2), (80, 15, 5))[0]
        stages.append(Stage(step.name, begins, ends, _revisions(begins, ends, changes)))
    return tuple(stages)


def _revisions(begins: datetime, ends: datetime, changes: int) -> tuple[Revision, ...]:
    """How a line was moved: each change had put it two days later than it stood."""
    return tuple(
        Revision(
            begins - timedelta(days=2 * earlier - 1),
            begins - timedelta(days=2 * earlier),
            ends - timedelta(days=2 * earlier),
            REASON_MOVED,
        )
        for earlier in range(changes, 0, -1)
    )


def move(stage: Stage, days: int, edited_at: datetime, reason: str = REASON_MOVED) -> Stage:
    """The stage put off by some days, remembering how it stood."""
    revision = Revision(edited_at, stage.starts_at, stage.ends_at, reason)
    by = timedelta(days=days)
    return replace(
        stage, starts_at=stage.starts_at + by, ends_at=stage.ends_at + by, revisions=(*stage.revisions, revision)
    )


def hold_up(stages: Sequence[Stage], current: int, today: date) -> tuple[Stage, ...]:
    """A package that is still under way long after its time: what was not over when it stopped is put off until today."""
    late = (today - stages[current].starts_at.date()).days
    if late <= 0:
        return tuple(stages)
    stopped_at = stages[current].starts_at
    return tuple(move(stage, late, stopped_at) if stage.ends_at > stopped_at else stage for stage in stages)


def step_at(stages: Sequence[Stage], today: date) -> int:
    """The position of the stage that began last; the first one before any has begun."""
    begun = [position for position, stage in enumerate(stages) if stage.starts_at.date() <= today]
    return max(begun, key=lambda position: (stages[position].starts_at, position)) if begun else 0


def stage_words(steps: tuple[Step, ...], current: int) -> str:
    """The stage as pages write it: with `[...]` behind it when another stage runs beside it."""
    begins, ends = steps[current].begins, steps[current].begins + steps[current].lasts
    beside = any(
        other is not steps[current] and other.begins < ends and begins < other.begins + other.lasts for other in steps
    )
    return steps[current].name + (" [...]" if beside else "")
