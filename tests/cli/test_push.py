"""`rakor push`: a person hands a file over, through breaking lines and busy hubs, and is told what became of each row."""

import csv
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import openpyxl
import pytest
from typer.testing import CliRunner

from app.cli import app, pushing
from app.kit.http import named
from tests.cli.fake_hub import CUT, a_problem, a_receipt, a_refusal, fake_hub

SECRET = "rakor_contoh-rahasia-hanya-untuk-uji"
POSTS = "/api/v1/nodes/surabaya/submissions"
BAD = a_receipt(counts={"seen": 3, "rejected": 1}, problems=1, first_problems=[a_problem()])
BUSY = (429, a_refusal("too-many-requests", "Too many requests"), {"retry-after": "17"})
REPLAYED = {"idempotency-replayed": "true"}


@pytest.fixture
def hub():
    with fake_hub() as hub:
        yield hub


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """How long it would have waited; nobody waits here."""
    waited = []
    monkeypatch.setattr(named.time, "sleep", waited.append)
    monkeypatch.chdir("/")
    return waited


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "paket.csv"
    path.write_text("kode,pagu\n1001,1000\n1002,2000\n")
    return path


def push(hub, file, *options, key=SECRET, stdin=None):
    environment = {"RAKOR_URL": hub.url, "RAKOR_KEY": key, "COLUMNS": "200"}
    return CliRunner().invoke(app, ["push", str(file), "--node", "surabaya", *options], env=environment, input=stdin)


def test_every_row_taken_in_ends_with_zero_and_shows_the_receipt(hub, sheet):
    result = push(hub, sheet)

    assert result.exit_code == 0, result.output
    assert "Kiriman 7 untuk surabaya" in result.stdout
    assert "Semua baris diterima." in result.stdout
    assert hub.posts[0]["path"] == POSTS
    assert hub.posts[0]["body"] == sheet.read_bytes()
    assert hub.posts[0]["headers"]["authorization"] == f"Bearer {SECRET}"
    assert hub.posts[0]["query"] == [("schema", "rakor-package")]


def test_the_receipt_counts_each_outcome(hub, sheet):
    counts = {"seen": 1260, "new": 1, "changed": 2, "unchanged": 1239, "superseded": 4, "duplicate": 5, "withdrawn": 6}
    hub.answers = [(201, a_receipt(counts={**counts, "rejected": 9}), {})]

    indonesian, english = push(hub, sheet).stdout, push(hub, sheet, "--lang", "en").stdout

    shown = dict(re.findall(r"^\s*(\S.*?)\s{2,}([\d,]+)\s*$", english, re.MULTILINE))
    assert shown == {
        "rows read": "1,260",
        "new": "1",
        "changed": "2",
        "unchanged": "1,239",
        "superseded": "4",
        "rejected": "9",
        "duplicate": "5",
        "withdrawn": "6",
    }
    assert re.search(r"tidak berubah\s+1\.239", indonesian)


@pytest.mark.parametrize(
    ("name", "media_type", "encoding"),
    [
        ("a.json", "application/json", None),
        ("a.ndjson", "application/x-ndjson", None),
        ("a.jsonl.zst", "application/x-ndjson", "zstd"),
        ("a.CSV.GZ", "text/csv", "gzip"),
        ("laporan 2025.v2.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
    ],
)
def test_the_name_of_the_file_says_its_form(hub, tmp_path, name, media_type, encoding):
    (tmp_path / name).write_bytes(b"[]")

    assert push(hub, tmp_path / name).exit_code == 0

    assert hub.posts[0]["headers"]["content-type"] == media_type
    assert hub.posts[0]["headers"].get("content-encoding") == encoding


def test_what_is_said_of_all_rows_travels_along(hub, sheet):
    options = ("--schema", "inaproc:pengumuman", "--fiscal-year", "2025", "--kind", "tender", "--complete")

    push(hub, sheet, *options, "--column", "code:kode tender", "--column", "pagu:Pagu & HPS")

    assert sorted(hub.posts[0]["query"]) == [
        ("column", "code:kode tender"),
        ("column", "pagu:Pagu & HPS"),
        ("complete", "true"),
        ("fiscal_year", "2025"),
        ("kind", "tender"),
        ("schema", "inaproc:pengumuman"),
    ]


def test_refused_rows_end_with_one_and_name_cell_code_and_reason(hub, sheet):
    hub.answers = [(201, BAD, {})]

    result = push(hub, sheet)

    assert result.exit_code == 1
    assert "F3" in result.stdout
    assert "amount-ambiguous" in result.stdout
    assert "Nilai “1.500” bermakna ganda." in result.stdout
    assert "1 baris ditolak" in result.stdout


def test_english_is_spoken_on_request(hub, sheet):
    hub.answers = [(201, {**BAD, "first_problems": [a_problem(cell=None, pointer="/pagu", row=9)]}, {})]

    result = push(hub, sheet, "--lang", "en")

    assert "row 9 /pagu" in result.stdout
    assert "The amount “1.500” is ambiguous." in result.stdout
    assert "1 rows were refused" in result.stdout
    assert "ditolak" not in result.output


def test_words_of_a_stranger_are_shown_as_they_are(hub, sheet):
    hub.answers = [(201, {**BAD, "first_problems": [a_problem(message={"id": "Nama “[red]CV[/]” aneh."})]}, {})]

    assert "Nama “[red]CV[/]” aneh." in push(hub, sheet).stdout


def test_a_line_that_breaks_in_the_middle_is_tried_again_with_the_same_key(hub, tmp_path, pauses):
    large = tmp_path / "besar.ndjson"
    large.write_bytes(b'{"code": "1"}\n' * 60_000)
    hub.answers = [CUT, CUT, (201, a_receipt(), {})]

    result = push(hub, large)

    assert result.exit_code == 0, result.output
    assert hub.posts[:2] == [None, None]
    assert hub.posts[2]["body"] == large.read_bytes()
    assert len(pauses) == 2
    assert pauses[0] < pauses[1]
    assert "Sambungan terputus" in result.stderr
    assert "Percobaan 2 dari 6" in result.stderr


def test_a_repeated_command_has_the_same_key_and_another_file_or_year_another(hub, sheet, tmp_path):
    other = tmp_path / "lain.csv"
    other.write_text(sheet.read_text() + "1003,1\n")

    for file, *options in ((sheet,), (sheet,), (other,), (sheet, "--fiscal-year", "2025"), (sheet, "--kind", "tender")):
        push(hub, file, *options)
    CliRunner().invoke(app, ["push", str(sheet), "--node", "malangkota", "--url", hub.url, "--key", SECRET])

    keys = [post["headers"]["idempotency-key"] for post in hub.posts]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5
    assert all(re.fullmatch('"[0-9a-f]{64}"', key) for key in keys)


def test_a_busy_hub_is_given_the_time_it_asks_for(hub, sheet, pauses):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    hub.answers = [BUSY, (503, a_refusal("database-unavailable"), {"retry-after": later}), (201, a_receipt(), {})]

    result = push(hub, sheet)

    assert result.exit_code == 0
    assert pauses[0] == 17
    assert 50 < pauses[1] <= 100


def test_the_same_request_under_way_is_waited_for(hub, sheet, pauses):
    hub.answers = [(409, a_refusal("request-in-flight"), {"retry-after": "1"}), (201, a_receipt(), {})]

    assert push(hub, sheet).exit_code == 0
    assert pauses == [1]


def test_after_six_tries_it_gives_up_and_says_that_repeating_is_safe(hub, sheet, pauses):
    hub.answers = [(503, a_refusal("overloaded", "Overloaded"), {})]

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert len(hub.posts) == 6
    assert len(pauses) == 5
    assert "HTTP 503 overloaded" in result.stderr
    assert "tidak tercatat dua kali" in result.stderr


def test_it_does_not_wait_beyond_the_time_it_was_given(hub, sheet, pauses):
    hub.answers = [(503, a_refusal("overloaded", "Overloaded"), {"retry-after": "3600"})]

    result = push(hub, sheet, "--timeout", "60")

    assert result.exit_code == 3
    assert len(hub.posts) == 1
    assert pauses == []


def test_a_hub_that_is_not_there_ends_with_three(sheet, hub):
    hub.url = "http://127.0.0.1:1"

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "tidak dapat dihubungi" in result.stderr


def test_a_large_body_is_followed_to_its_end(hub, sheet, pauses):
    hub.answers = [(202, a_receipt(state="received"), {"location": "http://elsewhere.example/api/v1/submissions/7"})]
    going = a_receipt(state="processing", progress={"rows_done": 1, "rows_total": 2})
    hub.page("submissions/7", (200, going, {}), CUT, BUSY, (200, going, {}), (200, BAD, {}))

    result = push(hub, sheet)

    assert result.exit_code == 1, result.output
    assert hub.gets == ["submissions/7"] * 5
    assert len(hub.posts) == 1
    assert 17 in pauses
    assert "1 baris ditolak" in result.stdout


def test_a_submission_that_failed_ends_with_three_and_its_reason(hub, sheet):
    reason = a_problem(code="hub-error", row=0, cell=None, message={"id": "Hub bermasalah.", "en": "x"})
    hub.answers = [(202, a_receipt(state="received"), {})]
    hub.page("submissions/7", (200, a_receipt(state="failed", problems=1, first_problems=[reason]), {}))

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "Hub bermasalah." in result.stdout
    assert "Kiriman gagal." in result.stdout


def test_a_body_that_cannot_be_read_shows_the_receipt_within_the_refusal(hub, sheet):
    reason = a_problem(code="body-unreadable", row=0, cell=None, message={"id": "Berkas terpotong.", "en": "x"})
    receipt = a_receipt(state="failed", counts={"seen": 0, "new": 0}, problems=1, first_problems=[reason])
    hub.answers = [(422, a_refusal("body-unreadable", submission=receipt), {})]

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "Berkas terpotong." in result.stdout


@pytest.mark.parametrize(
    ("status", "code", "ends"),
    [
        (401, "key-invalid", 4),
        (403, "not-allowed", 4),
        (404, "node-not-found", 2),
        (415, "media-type-unsupported", 2),
        (422, "schema-unknown", 2),
        (409, "node-retired", 3),
        (413, "body-too-large", 3),
        (500, "internal-error", 3),
    ],
)
def test_a_refusal_is_told_once_and_ends_with_a_code_that_says_whose_turn_it_is(hub, sheet, status, code, ends):
    hub.answers = [(status, a_refusal(code), {})]

    result = push(hub, sheet)

    assert result.exit_code == ends
    assert len(hub.posts) == 1
    assert "Kalimat contoh." in result.stderr


def test_the_places_of_a_refused_request_are_named(hub, sheet):
    errors = [{"pointer": "/query/schema", "code": "x", "detail": "String should match"}]
    hub.answers = [(422, a_refusal("request-invalid", errors=errors), {})]

    assert "/query/schema: String should match" in push(hub, sheet).stderr


def test_a_large_file_is_not_sent_with_a_key_that_does_not_open(hub, tmp_path):
    large = tmp_path / "besar.json"
    large.write_bytes(b" " * (pushing.LARGE_BYTES + 1))
    hub.page("nodes/surabaya/submissions", (403, a_refusal("not-allowed"), {}))

    assert push(hub, large).exit_code == 4
    assert hub.posts == []


def test_the_key_is_shown_nowhere(hub, sheet):
    hub.answers = [CUT, (401, a_refusal("key-invalid"), {})]

    for options in ((), ("--json",), ("--lang", "en")):
        assert SECRET not in push(hub, sheet, *options).output


def test_without_a_key_nothing_is_sent(hub, sheet):
    result = push(hub, sheet, key=None)

    assert result.exit_code == 4
    assert "RAKOR_KEY" in result.stderr
    assert hub.posts == []


def test_the_key_goes_to_no_other_address(hub, sheet):
    with fake_hub() as other:
        hub.answers = [(308, {}, {"location": f"{other.url}{POSTS}"})]

        result = push(hub, sheet)

        assert result.exit_code == 3
        assert other.posts == []
        assert other.url in result.stderr


def test_the_log_in_page_of_a_network_is_no_receipt(hub, sheet):
    hub.answers = [(200, b"<html>Selamat datang di WiFi Contoh</html>", {"content-type": "text/html"})]

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "bukan hub Rakor" in result.stderr


def test_a_trial_says_so_and_stores_nothing(hub, sheet):
    hub.answers = [(200, {**BAD, "id": None, "dry_run": True}, {})]

    result = push(hub, sheet, "--dry-run")

    assert result.exit_code == 1
    assert ("dry_run", "true") in hub.posts[0]["query"]
    assert len(hub.posts) == 1
    assert "tidak ada yang disimpan" in result.stdout
    assert "akan ditolak" in result.stdout


def test_a_trial_is_asked_anew_each_time(hub, sheet):
    hub.answers = [(200, a_receipt(None, dry_run=True), {})]

    push(hub, sheet, "--dry-run")
    push(hub, sheet, "--dry-run")

    first, second = (post["headers"]["idempotency-key"] for post in hub.posts)
    assert first != second


def test_checked_first_a_good_file_is_handed_over(hub, sheet):
    hub.answers = [(200, a_receipt(None, dry_run=True), {}), (201, a_receipt(), {})]

    result = push(hub, sheet, "--check-first")

    assert result.exit_code == 0
    assert [("dry_run", "true") in post["query"] for post in hub.posts] == [True, False]
    assert "Kiriman 7" in result.stdout


def test_checked_first_a_file_with_bad_rows_stays_until_somebody_says_yes(hub, sheet):
    trial = (200, {**BAD, "id": None, "dry_run": True}, {})
    hub.answers = [trial, trial, (201, BAD, {})]

    asked = push(hub, sheet, "--check-first")
    told = push(hub, sheet, "--check-first", "--yes")

    assert asked.exit_code == 1
    assert "--yes" in asked.stderr
    assert "bermakna ganda" in asked.stdout
    assert told.exit_code == 1
    assert "Kiriman 7" in told.stdout
    assert [("dry_run", "true") in post["query"] for post in hub.posts] == [True, True, False]


def test_a_repetition_gets_the_first_receipt(hub, sheet):
    hub.answers = [(201, a_receipt(7), REPLAYED)]
    hub.page("nodes/surabaya/submissions", (200, {"items": [a_receipt(9, dry_run=True), a_receipt(7)]}, {}))

    result = push(hub, sheet)

    assert result.exit_code == 0
    assert len(hub.posts) == 1
    assert "sudah pernah dikirim" in result.stderr


def test_the_same_file_after_another_one_is_a_new_statement(hub, sheet):
    hub.answers = [(201, a_receipt(7), REPLAYED), (201, a_receipt(9), {})]
    hub.page("nodes/surabaya/submissions", (200, {"items": [a_receipt(8), a_receipt(7)]}, {}))

    result = push(hub, sheet)

    assert "Kiriman 9" in result.stdout
    assert len({post["headers"]["idempotency-key"] for post in hub.posts}) == 2


def test_a_submission_that_failed_is_not_replayed_for_ever(hub, sheet):
    hub.answers = [(202, a_receipt(7, state="received"), REPLAYED), (201, a_receipt(8), {})]
    hub.page("submissions/7", (200, a_receipt(7, state="failed"), {}))
    hub.page("nodes/surabaya/submissions", (200, {"items": [a_receipt(7, state="failed")]}, {}))

    result = push(hub, sheet)

    assert result.exit_code == 0
    assert "Kiriman 8" in result.stdout


def test_scripts_get_the_receipt_as_json(hub, sheet):
    hub.answers = [(201, BAD, {})]

    result = push(hub, sheet, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["counts"]["rejected"] == 1


def test_scripts_get_a_refusal_as_json(hub, sheet):
    hub.answers = [(403, a_refusal("not-allowed"), {})]

    result = push(hub, sheet, "--json")

    assert result.exit_code == 4
    assert json.loads(result.stdout)["code"] == "not-allowed"


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_report_is_saved_as_the_hub_writes_it(hub, sheet, tmp_path, suffix):
    hub.answers = [(201, {**BAD, "problems": 40, "first_problems": [a_problem(n) for n in range(20)]}, {})]
    hub.page(f"submissions/7/problems.{suffix}", CUT, (200, b"contoh isi laporan", {}))
    report = tmp_path / f"masalah.{suffix}"

    result = push(hub, sheet, "--report", str(report))

    assert report.read_bytes() == b"contoh isi laporan"
    assert str(report) in result.stderr
    assert "20 dari 40 masalah" in result.stderr
    assert list(tmp_path.glob(".*")) == []


def test_without_problems_no_report_is_written(hub, sheet, tmp_path):
    push(hub, sheet, "--report", str(tmp_path / "masalah.xlsx"))

    assert not (tmp_path / "masalah.xlsx").exists()
    assert hub.gets == []


def test_the_report_of_a_trial_is_written_from_its_receipt_and_says_what_it_lacks(hub, sheet, tmp_path):
    problems = [a_problem(message={"id": "=HYPERLINK(1)", "en": "x"}), a_problem(row=4, cell="F4")]
    hub.answers = [(200, {**BAD, "id": None, "dry_run": True, "problems": 3, "first_problems": problems}, {})]

    results = [push(hub, sheet, "--dry-run", "--report", str(tmp_path / f"m.{form}")) for form in ("xlsx", "csv")]

    sheet_rows = list(openpyxl.load_workbook(tmp_path / "m.xlsx").active.iter_rows(values_only=True))
    with (tmp_path / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert [row[1] for row in sheet_rows] == [line[1] for line in lines] == ["Sel/Pointer", "F3", "F4"]
    assert "=HYPERLINK(1)" in sheet_rows[1]
    assert "'=HYPERLINK(1)" in lines[1]
    assert all("2 masalah pertama dari 3" in result.stderr for result in results)


SENT = {
    "paket.csv": (b"kode;pagu;nama\n1001;1000;Contoh A\n1002;1.500;Contoh B\n", 3),
    "paket.ndjson": (b'{"code": "1001", "pagu": 1000}\n{"code": "1002", "pagu": "1.500", "name": "Contoh B"}\n', 2),
    "paket.json": (b'[{"code": "1001"}, {"code": "1002", "pagu": "1.500", "name": "Contoh B"}]', 2),
    "paket.ndjson.gz": (gzip.compress(b'\n{"code": "1002", "pagu": "1.500", "name": "Contoh B"}\n'), 2),
}


@pytest.mark.parametrize("name", SENT)
def test_the_report_of_a_trial_holds_the_rows_as_the_file_has_them(hub, tmp_path, name):
    content, row = SENT[name]
    (tmp_path / name).write_bytes(content)
    problems = [a_problem(row=0, cell=None, code="column-unknown", severity="warning"), a_problem(row=row)]
    hub.answers = [(200, {**BAD, "id": None, "dry_run": True, "problems": 2, "first_problems": problems}, {})]
    report = tmp_path / "m.csv"

    push(hub, tmp_path / name, "--dry-run", "--report", str(report))

    with report.open(encoding="utf-8-sig", newline="") as file:
        of_body, of_row = csv.DictReader(file)
    assert (of_row["code"], of_row["pagu"], of_row["name"]) == ("1002", "1.500", "Contoh B")
    assert of_body["code"] == ""


def test_the_report_of_a_checked_sheet_holds_its_rows_by_the_columns_that_were_named(hub, tmp_path):
    book = openpyxl.Workbook()
    for line in (["Nomor", "Pagu (Rp)"], ["1001", 1000], ["1002", "1.500"]):
        book.active.append(line)
    book.save(tmp_path / "paket.xlsx")
    hub.answers = [(200, {**BAD, "id": None, "dry_run": True}, {})]
    named = ("--column", "code:Nomor", "--column", "pagu:Pagu (Rp)")

    push(hub, tmp_path / "paket.xlsx", *named, "--check-first", "--report", str(tmp_path / "m.xlsx"))

    heading, line = openpyxl.load_workbook(tmp_path / "m.xlsx").active.iter_rows(values_only=True)
    shown = dict(zip(heading, line, strict=True))
    assert (shown["Baris"], shown["code"], shown["pagu"]) == (3, "1002", "1.500")
    assert len(hub.posts) == 1


def test_the_report_of_a_trial_is_written_even_of_a_file_that_cannot_be_read(hub, tmp_path):
    (tmp_path / "paket.json").write_bytes(b"[1, 2")
    hub.answers = [(200, {**BAD, "id": None, "dry_run": True}, {})]

    result = push(hub, tmp_path / "paket.json", "--dry-run", "--report", str(tmp_path / "m.csv"))

    assert result.exit_code == 1
    assert "amount-ambiguous" in (tmp_path / "m.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    "options",
    [
        ("--node", "Surabaya!"),
        ("--complete",),
        ("--complete", "--kind", "tender"),
        ("--column", "pagu"),
        ("--column", ":Pagu"),
        ("--report", "masalah.pdf"),
        ("--url", "rakor.contoh.go.id"),
        ("--url", "ftp://rakor.contoh.go.id"),
        ("--url", "https://siti:rahasia@rakor.contoh.go.id"),
        ("--kind", "lelang"),
        ("--fiscal-year", "25"),
    ],
)
def test_a_command_that_is_not_right_ends_with_two_before_anything_is_sent(hub, sheet, options):
    result = push(hub, sheet, *options)

    assert result.exit_code == 2, result.output
    assert hub.posts == []


@pytest.mark.parametrize("name", ["paket.xls", "paket.ods", "paket", "paket.gz"])
def test_a_file_of_another_form_is_refused_with_a_way_out(hub, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")

    result = push(hub, tmp_path / name)

    assert result.exit_code == 2
    assert ".xlsx" in result.output


def test_a_file_that_is_saved_while_it_is_sent_is_not_handed_over(hub, sheet, monkeypatch):
    def saved_by_somebody(*_, **__):
        sheet.write_text("kode,pagu\n1001,9999\n1002,2000\n")
        return "contoh"

    monkeypatch.setattr(pushing.Shipment, "key", saved_by_somebody)

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "Berkas berubah" in result.stderr
    assert hub.posts == []


def test_an_unencrypted_way_to_another_machine_is_pointed_out(hub, sheet):
    hub.url = "http://rakor.contoh.invalid"

    result = push(hub, sheet)

    assert result.exit_code == 3
    assert "tanpa enkripsi ke rakor.contoh.invalid" in result.stderr


def test_the_receipt_is_shown_even_if_the_report_cannot_be_fetched(hub, sheet, tmp_path):
    hub.answers = [(201, BAD, {})]
    hub.page("submissions/7/problems.csv", (500, a_refusal("internal-error"), {}))

    result = push(hub, sheet, "--report", str(tmp_path / "masalah.csv"))

    assert result.exit_code == 3
    assert "1 baris ditolak" in result.stdout
    assert "Kalimat contoh." in result.stderr
    assert list(tmp_path.glob("*masalah*")) == []
