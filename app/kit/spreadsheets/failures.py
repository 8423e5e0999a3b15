"""How a workbook says that it cannot be read, and the limits it is held to."""

from dataclasses import dataclass

_MIB = 1024 * 1024


class WorkbookBroken(Exception):
    """The bytes are no workbook that can be read to its end."""


class NotAWorkbook(WorkbookBroken):
    """The file is something else: an old .xls, an .ods, one with a password, no spreadsheet at all."""


class WorkbookTooLarge(WorkbookBroken):
    """More is packed into the workbook than may be unpacked."""


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    unpacked_bytes: int = 4096 * _MIB
    """Of each part that is read."""
    text_bytes: int = 512 * _MIB
    """Of the part that holds all different texts, which is kept on disk."""
    texts: int = 5_000_000
    side_part_bytes: int = 64 * _MIB
    """Of each small part: the list of sheets, the number formats."""
    ratio: int = 200
    """How many times larger than its packed form a part may be, once it is larger than `small_bytes`."""
    small_bytes: int = 64 * _MIB
    cell_characters: int = 100_000
