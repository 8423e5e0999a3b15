"""The extensions of OCDS that releases use, described here: whoever checks them needs no other host."""

from pathlib import Path

EXTENSIONS = ("bids", "budget_breakdown", "procurement_details")
_FOLDER = Path(__file__).parent / "extensions"
_MEDIA_TYPES = {".json": "application/json", ".csv": "text/csv; charset=utf-8"}

FILES: dict[tuple[str, str], tuple[bytes, str]] = {
    (name, path.relative_to(_FOLDER / name).as_posix()): (path.read_bytes(), _MEDIA_TYPES[path.suffix])
    for name in EXTENSIONS
    for path in sorted((_FOLDER / name).rglob("*.*"))
}
"""Content and media type by extension and name of the file, codelists with their folder."""
