"""Which records of a batch count: doubles, latecomers and what cannot stand are sorted out, and what was emptied is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.problems import Problem
from app.core.records import PackageRecord
from app.procurement.entries import Entry, Known, Observed, Outcome, Receipt, Sender
from app.procurement.preparing import Prepared, said

PARTIAL = frozenset({"detail-missing", "detail-drift", "code-mismatch", "row-unreadable"})
"""Problems that say a record lacks a part which its source has: it must not replace a whole observation."""


def admit(
    records: Sequence[Prepared],
    known: dict[tuple[str, str], Known],
    sender: Sender,
    receipt: Receipt,
    arrived_at: datetime,
) -> list[Entry]:
    """Sort out doubles within the batch, records that cannot stand, and records older than what is known."""
    entries: dict[tuple[str, str], Entry] = {}
    is_push = sender.is_push
    for position, prepared in enumerate(records):
        record = prepared.record
        if record.problems:
            receipt.note(position, record.problems)
        if (problem := prepared.refusal) is not None:
            if problem.code not in {found.code for found in record.problems}:
                receipt.note(position, (problem,))
            continue
        package = known.get(prepared.key)
        entry = (
            _pushed(position, prepared, package, sender, arrived_at)
            if is_push
            else _pulled(position, prepared, package, sender, receipt)
        )
        if entry is None:
            continue
        if is_push and (current := _said_in_its_submission(entry, sender)) is not None:
            if entry.said_at == current.said_at and entry.content_hash != current.content_hash:
                receipt.note(position, (_twice(record),))
            if not _is_news(entry, current):
                receipt.outcomes[position] = Outcome.DUPLICATE
                continue
        twin = entries.get(prepared.key)
        if is_push and twin is not None and entry.said_at == twin.said_at and entry.content_hash != twin.content_hash:
            receipt.note(position, (_twice(record),))
        if twin is not None and not _goes_before(entry, twin):
            receipt.outcomes[position] = Outcome.DUPLICATE
            continue
        if twin is not None:
            receipt.outcomes[twin.position] = Outcome.DUPLICATE
        entries[prepared.key] = entry
    return list(entries.values())


def _pushed(
    position: int, prepared: Prepared, package: Known | None, sender: Sender, arrived_at: datetime
) -> Entry | None:
    """What a node hands over counts as it stands: it may take back what it said, and speak of as little as it likes."""
    entry = _entry(position, prepared, package)
    if entry.is_partial and entry.observed(sender.source) is not None:
        return None
    entry.said_at = prepared.record.source_at or arrived_at
    if (current := entry.observed(sender.source)) is not None:
        # What arrived before its sender said that the package is gone is older news, also when it is read later.
        is_gone = current.withdrawn_at is not None and arrived_at < current.withdrawn_at
        entry.is_current = not is_gone and not _is_outdone(entry, current, sender)
    return entry


def _is_outdone(entry: Entry, current: Observed, sender: Sender) -> bool:
    """Whether what a push said already goes before: by its time; what has the same time ties by its fingerprint."""
    if entry.said_at != current.said_at:
        return entry.said_at is not None and entry.said_at < current.said_at
    if entry.record.source_at is None and sender.arrived_at is None:
        return False  # It arrives at this very call, so after what is there.
    return entry.content_hash < current.content_hash


def _pulled(position: int, prepared: Prepared, package: Known | None, sender: Sender, receipt: Receipt) -> Entry | None:
    """What we read from a source may lack what the source has: its last words on that stand."""
    entry = _entry(position, prepared, package)
    record = prepared.record
    current = entry.observed(sender.source)
    if (entry.is_partial and current is not None) or _is_about_nobody(record):
        return None
    if current is not None and (carried := _carry_over(prepared.fields, current)):
        emptied = ", ".join(carried)
        receipt.note(position, [Problem("field-emptied", kind=record.kind, package=record.code, field=emptied)])
        entry = _entry(position, said(record, prepared.fields | carried), package)
    entry.is_current = current is None or not _is_older(entry, current)
    if current is not None and record.kind in sender.without_parts and (lost := _unsaid(entry, current)):
        lacking = ", ".join(lost)
        receipt.note(position, [Problem("detail-missing", kind=record.kind, package=record.code, field=lacking)])
        return None
    return entry


def _entry(position: int, prepared: Prepared, package: Known | None) -> Entry:
    record = prepared.record
    is_partial = bool(record.problems) and any(problem.code in PARTIAL for problem in record.problems)
    return Entry(position, prepared, package, is_partial)


def _is_about_nobody(record: PackageRecord) -> bool:
    """Rows that name a package which nobody announced, and say nothing of it: participants alone make no package."""
    is_orphan = any(problem.code == "row-without-package" for problem in record.problems)
    return is_orphan and not {"name", "status"} & record.fields.keys()


CARRIED = ("name", "pagu", "hps", "created_on", "institution_name", "satker_name")
"""What a package does not lose in earnest: where a pulled source states it empty or unreadable, its last word stands."""


def _carry_over(fields: dict[str, Any], current: Observed) -> dict[str, Any]:
    """What a source stated before and now shows empty."""
    before = current.fields
    emptied = [
        field for field in CARRIED if before.get(field) is not None and field in fields and fields[field] is None
    ]
    has_lost_status = fields.get("status") == "other" and not fields.get("stage")
    if has_lost_status and before.get("status") not in {None, "other"}:
        emptied += ["status", "stage"]
    return {name: before.get(name) for name in emptied}


def _goes_before(entry: Entry, twin: Entry) -> bool:
    """Of two records of one package in one batch: a whole one, then the one its source says is later.

    Where a source states no time, the first of a pulled page counts; rows of one submission arrived together, so the
    greater fingerprint decides, in whatever order and batches they are read.
    """
    if entry.is_partial != twin.is_partial:
        return twin.is_partial
    if entry.said_at is not None and twin.said_at is not None:
        return (entry.said_at, entry.content_hash) > (twin.said_at, twin.content_hash)
    mine, its = entry.record.source_at, twin.record.source_at
    return mine is not None and its is not None and (mine, entry.content_hash) > (its, twin.content_hash)


def _is_older(entry: Entry, current: Observed) -> bool:
    moment = entry.record.source_at
    if current.source_at is None or moment is None:
        return False
    return (moment, entry.content_hash) < (current.source_at, current.content_hash)


def _said_in_its_submission(entry: Entry, sender: Sender) -> Observed | None:
    """What another row of the same submission said of the package, as within a batch."""
    current = entry.observed(sender.source)
    if current is None or sender.submission_id is None:
        return None
    is_its_own = current.submission_id == sender.submission_id or current.last_seen_at == sender.arrived_at
    return current if is_its_own else None


def _is_news(entry: Entry, current: Observed) -> bool:
    """Whether a row goes before what an earlier row of its submission said."""
    is_later = entry.said_at is not None and entry.said_at > current.said_at
    return entry.is_current and (current.content_hash != entry.content_hash or is_later)


def _twice(record: PackageRecord) -> Problem:
    return Problem("package-twice", kind=record.kind, package=record.code, field=record.code)


def _unsaid(entry: Entry, before: Observed) -> list[str]:
    """Everything that a source said of a package and this record does not speak of."""
    if not entry.is_current:
        return []
    return sorted(field for field, value in before.fields.items() if value and field not in entry.fields)
