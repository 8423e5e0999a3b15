"""How `rakor push` speaks to a person: the receipt as a table, what is wrong row by row, in Indonesian or English."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from app.cli.common import err, out
from app.core.problems import Severity
from app.submission.reports import ReportedProblem, list_columns, write_report_csv, write_report_xlsx

COUNTS = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn")
SHOWN_PROBLEMS = 20


class Language(StrEnum):
    """In which language a person is spoken to."""

    INDONESIAN = "id"
    ENGLISH = "en"


_WORDS = {
    "seen": ("baris dibaca", "rows read"),
    "new": ("paket baru", "new"),
    "changed": ("berubah", "changed"),
    "unchanged": ("tidak berubah", "unchanged"),
    "superseded": ("sudah ada yang lebih baru", "superseded"),
    "rejected": ("ditolak", "rejected"),
    "duplicate": ("ganda dalam berkas", "duplicate"),
    "withdrawn": ("ditarik", "withdrawn"),
    "submission": ("Kiriman {id} untuk {node}", "Submission {id} for {node}"),
    "trial": ("Uji coba untuk {node}: tidak ada yang disimpan", "Trial for {node}: nothing was stored"),
    "place": ("letak", "where"),
    "code": ("kode", "code"),
    "sentence": ("penjelasan", "what is wrong"),
    "body": ("berkas", "file"),
    "row": ("baris {row}", "row {row}"),
    "more": ("{shown} dari {all} masalah. Sisanya: {way}.", "{shown} of {all} problems. The rest: {way}."),
    "way-report": ("tambahkan --report masalah.xlsx", "add --report masalah.xlsx"),
    "way-saved": ("lihat {path}", "see {path}"),
    "saved": ("Daftar masalah disimpan di {path}.", "The problems were saved to {path}."),
    "saved-first": (
        "Hanya {shown} masalah pertama dari {all} yang disimpan di {path}: uji coba tidak menyimpan apa pun di hub.",
        "Only the first {shown} of {all} problems were saved to {path}: a trial leaves nothing at the hub.",
    ),
    "replayed": (
        "Berkas yang sama sudah pernah dikirim; ini tanda terimanya. Tidak ada yang tercatat dua kali.",
        "The same file was handed over before; this is its receipt. Nothing was recorded twice.",
    ),
    "all-in": ("Semua baris diterima.", "All rows were taken in."),
    "all-in-trial": ("Semua baris akan diterima.", "All rows would be taken in."),
    "some-out": (
        "{count} baris ditolak; baris lainnya diterima.",
        "{count} rows were refused; the others were taken in.",
    ),
    "some-out-trial": (
        "{count} baris akan ditolak; baris lainnya akan diterima.",
        "{count} rows would be refused; the others would be taken in.",
    ),
    "failed": ("Kiriman gagal.", "The submission failed."),
    "go-on": ("Tetap kirim baris lainnya?", "Hand the other rows over all the same?"),
    "stopped": (
        "Tidak ada yang dikirim. Perbaiki berkas, atau tambahkan --yes untuk tetap mengirim baris yang benar.",
        "Nothing was handed over. Mend the file, or add --yes to hand over the good rows all the same.",
    ),
    "sending": ("Mengirim", "Sending"),
    "working": ("Diolah hub", "Hub at work"),
    "again": (
        "Ulangi perintah yang sama kapan saja: yang sudah diterima tidak tercatat dua kali.",
        "Repeat the same command at any time: what has arrived is not recorded twice.",
    ),
    "refused": ("Hub menolak", "The hub refused"),
    "no-connection": ("Hub tidak dapat dihubungi ({detail}).", "The hub cannot be reached ({detail})."),
    "no-answer": ("Hub tidak menjawab pada waktunya.", "The hub did not answer in time."),
    "broken": ("Sambungan terputus ({detail}).", "The connection broke ({detail})."),
    "busy": ("Hub sedang sibuk ({detail}).", "The hub is busy ({detail})."),
    "still-working": ("Hub masih bekerja.", "The hub is still at work."),
    "no-hub": ("Yang menjawab di alamat itu bukan hub Rakor.", "What answers at that address is not a Rakor hub."),
    "points-elsewhere": (
        "Alamat itu mengarah ke {detail}: sebutkan alamat hub yang sebenarnya dengan --url.",
        "That address points to {detail}: name the hub's own address with --url.",
    ),
    "certificate": (
        "Sertifikat hub tidak dapat dipercaya ({detail}); kunci tidak dikirim.",
        "The hub's certificate cannot be trusted ({detail}); the key was not sent.",
    ),
    "try": ("Percobaan {attempt} dari {tries} dalam {pause} detik.", "Try {attempt} of {tries} in {pause} s."),
    "unreachable": ("Hub tidak menjawab dengan semestinya", "The hub gave no usable answer"),
    "file-changed": (
        "Berkas berubah saat dikirim. Simpan dan tutup berkas itu, lalu ulangi.",
        "The file changed while it was being sent. Save and close it, then repeat.",
    ),
    "plain": (
        "Kunci dan data dikirim tanpa enkripsi ke {host}. Pakai alamat https:// bila ada.",
        "Key and data travel unencrypted to {host}. Use an https:// address if there is one.",
    ),
}


def word(name: str, language: Language, **filling: object) -> str:
    indonesian, english = _WORDS[name]
    return (indonesian if language is Language.INDONESIAN else english).format(**filling)


def show_receipt(receipt: dict[str, Any], language: Language) -> None:
    """What became of the rows, as a table, and the first problems below it."""
    heading = "trial" if receipt.get("dry_run") else "submission"
    out.print(
        Text(word(heading, language, id=receipt.get("id"), node=receipt.get("node")), style="bold"), soft_wrap=True
    )
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name in COUNTS:
        number = int(receipt["counts"].get(name) or 0)
        style = "red" if name == "rejected" and number else "dim" if not number else ""
        table.add_row(Text(word(name, language), style=style), Text(_thousands(number, language), style=style))
    out.print(table)


def show_problems(receipt: dict[str, Any], language: Language, *, report: Path | None) -> None:
    first = _first_problems(receipt)[:SHOWN_PROBLEMS]
    if not first:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(word("place", language), no_wrap=True)
    table.add_column(word("code", language))
    table.add_column(word("sentence", language))
    for problem in first:
        style = "red" if problem.get("severity") == "error" else "yellow"
        table.add_row(
            _place(problem, language), Text(str(problem.get("code")), style=style), Text(_sentence(problem, language))
        )
    out.print(table)
    number = int(receipt.get("problems") or 0)
    if number > len(first):
        way = word("way-saved", language, path=report) if report else word("way-report", language)
        err.print(Text(word("more", language, shown=len(first), all=number, way=way)), soft_wrap=True)


def show_verdict(receipt: dict[str, Any], language: Language) -> None:
    """The one line that a person in a hurry reads."""
    trial = "-trial" if receipt.get("dry_run") else ""
    rejected = int(receipt["counts"].get("rejected") or 0)
    if receipt["state"] == "failed":
        out.print(Text(word("failed", language), style="red"))
    elif rejected:
        out.print(
            Text(word(f"some-out{trial}", language, count=_thousands(rejected, language)), style="yellow"),
            soft_wrap=True,
        )
    else:
        out.print(Text(word(f"all-in{trial}", language), style="green"), soft_wrap=True)


def rows_with_problems(receipt: dict[str, Any]) -> set[int]:
    """The numbers of the rows that the problems in a receipt are about."""
    return {_row(problem) for problem in _first_problems(receipt)}


def save_first_problems(receipt: dict[str, Any], path: Path, originals: Mapping[int, str]) -> int:
    """Save the problems that stand in a receipt itself: those of a trial are kept nowhere else. How many they were."""
    problems = [_reported(problem, originals.get(_row(problem))) for problem in _first_problems(receipt)]
    columns = list_columns(problem.original for problem in problems)
    with path.open("wb") as file:
        if path.suffix.lower() == ".xlsx":
            write_report_xlsx(problems, file, columns=columns)
        else:
            file.writelines(write_report_csv(problems, columns=columns))
    return len(problems)


def _row(problem: dict[str, Any]) -> int:
    row = problem.get("row")
    return row if isinstance(row, int) else 0


def _reported(problem: dict[str, Any], original: str | None) -> ReportedProblem:
    message = problem.get("message")
    sentences = message if isinstance(message, dict) else {}
    return ReportedProblem(
        row=_row(problem),
        pointer=problem.get("pointer"),
        cell=problem.get("cell"),
        code=str(problem.get("code")),
        severity=Severity.WARNING if problem.get("severity") == Severity.WARNING else Severity.ERROR,
        field=problem.get("field"),
        value=problem.get("value"),
        message_id=str(sentences.get("id") or ""),
        message_en=str(sentences.get("en") or ""),
        original=original,
    )


def _first_problems(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    found = receipt.get("first_problems")
    return [problem for problem in found if isinstance(problem, dict)] if isinstance(found, list) else []


def _place(problem: dict[str, Any], language: Language) -> str:
    """A cell says row and column at once; elsewhere the row, and where in it."""
    if problem.get("cell"):
        return str(problem["cell"])
    row = problem.get("row")
    place = word("row", language, row=row) if row else word("body", language)
    return f"{place} {problem.get('pointer') or ''}".strip()


def _sentence(problem: dict[str, Any], language: Language) -> str:
    message = problem.get("message")
    return str(message.get(language) or "") if isinstance(message, dict) else ""


def _thousands(number: int, language: Language) -> str:
    return f"{number:,}".replace(",", "." if language is Language.INDONESIAN else ",")
