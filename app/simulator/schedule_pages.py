"""The schedule of a package and the history of its changes, in the markup of SPSE 4.5."""

from html import escape

from app.simulator.frames import page
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Stage
from app.simulator.wording import long_moment


def stage_id(package: SimulatedPackage, position: int) -> str:
    """The id of one line of a schedule, from which `split_stage_id` finds the package again."""
    return f"{int(package.code[:-3]) * 16 + position}{package.code[-3:]}"


def split_stage_id(identifier: str) -> tuple[str, int]:
    """The code of the package and the position of the line. Raises ValueError when it is no number."""
    sequence, position = divmod(int(identifier[:-3]), 16)
    return f"{sequence}{identifier[-3:]}", position


def timetable(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`jadwal`; a package without a schedule has the head only."""
    area = "jadwal" if package.kind == "tender" else "jadwalnontender"
    rows = "".join(
        f"""    <tr>
        <td >{position + 1}</td>
        <td> {stage.name}{" "}
        </td>
        <td>{long_moment(stage.starts_at)}</td>
        <td>{long_moment(stage.ends_at)}</td>
        <td> {_changes(stage, f"/{package.slug}/{area}/{stage_id(package, position)}/history")} </td>
    </tr>
"""
        for position, stage in enumerate(package.schedule)
    )
    return page(
        node,
        f"Tahap {'Tender' if package.kind == 'tender' else 'Paket'} Saat Ini - [{package.code}] {escape(package.name)}",
        f"""<div class="content">
<table class="table table-sm">
    <tr>
        <th width="20">No</th>
        <th width="400">Tahap</th>
        <th width="160">Mulai</th>
        <th width="160">Sampai</th>
        <th> Perubahan</th>
    </tr>
{rows}</table>
</div>""",
        clock=clock,
    )


def _changes(stage: Stage, link: str) -> str:
    return f'<a href="{link}" >{stage.changes} kali perubahan</a>' if stage.changes else "Tidak Ada"


def stage_history(node: SimulatedNode, stage: Stage, *, clock: str | None = None) -> str:
    """`history`: how one line of the schedule stood before each change."""
    rows = "".join(
        f"""    <tr>
        <td>{number}</td>
        <td>{long_moment(revision.edited_at)}</td>
        <td>{long_moment(revision.starts_at)}</td>
        <td>{long_moment(revision.ends_at)}</td>
        <td>{escape(revision.reason)}</td>
    </tr>
"""
        for number, revision in enumerate(stage.revisions, start=1)
    )
    return page(
        node,
        "History Perubahan Jadwal",
        f"""<div class="content">
<table class="table table-sm table-bordered">
    <tr>
        <th width="20" rowspan="2" >No</th>
        <th width="150" rowspan="2" class="text-center">Tanggal Edit</th>
        <th colspan="2" class="text-center">Jadwal Original</th>
        <th rowspan="2" class="text-center">Keterangan</th>
     </tr>
    <tr>
        <th width="150" class="text-center">Mulai</th>
        <th width="150" class="text-center">Sampai</th>
    </tr>
{rows}</table>
</div>""",
        clock=clock,
    )
