"""Schedules and the histories of their stages: planned moments on the node's own clock."""

from datetime import UTC, datetime

import pytest

from app.adapters.spse.kinds import KINDS
from app.adapters.spse.markup import PackagePage
from app.adapters.spse.schedule import MAX_HISTORIES, planned_dates, read_history, read_schedule
from app.core.dates import TimeZone
from app.core.vocabulary import DateBasis, PackageKind
from tests.adapters.spse_replies import a_reader, page


def read(name="tender_jadwal.html", kind=PackageKind.TENDER, zone=TimeZone.WITA, **changes):
    reader = a_reader(kind=kind)
    schedule = read_schedule(page(name, changes=changes), KINDS[kind], zone, reader)
    return schedule, [(problem.code, problem.field) for problem in reader.problems]


def read_changes(**changes):
    reader = a_reader()
    revisions = read_history(page("jadwal_riwayat.html", changes=changes), TimeZone.WIB, reader)
    return revisions, [(problem.code, problem.field) for problem in reader.problems]


def test_every_stage_is_read_in_the_nodes_order():
    schedule, problems = read()

    assert problems == []
    assert [stage["name"] for stage in schedule.stages] == [
        "Pengumuman Pascakualifikasi",
        "Upload Dokumen Penawaran",
        "Pembukaan Dokumen Penawaran",
        "Penetapan Pemenang",
        "Pengumuman Pemenang",
        "Penandatanganan Kontrak",
    ]
    assert [stage["changes"] for stage in schedule.stages] == [0, 2, 0, 1, 0, 0]
    assert schedule.histories == {1: "70000002007", 3: "70000004007"}


@pytest.mark.parametrize(("zone", "hour"), [(TimeZone.WIB, 1), (TimeZone.WITA, 0)])
def test_a_moment_is_on_the_nodes_clock(zone, hour):
    schedule, _ = read(zone=zone)

    assert schedule.stages[0]["starts_at"] == datetime(2025, 3, 4, hour, 0, tzinfo=UTC)


def test_dates_follow_from_the_stages_and_are_called_planned():
    schedule, _ = read()

    assert planned_dates(schedule.stages) == {
        "announced_at": datetime(2025, 3, 4, 0, 0, tzinfo=UTC),
        "awarded_at": datetime(2025, 3, 24, 2, 0, tzinfo=UTC),
        "contracted_at": datetime(2025, 4, 8, 0, 0, tzinfo=UTC),
        "date_basis": DateBasis.SCHEDULED,
    }


def test_a_direct_procurement_is_announced_by_no_stage():
    schedule, problems = read("nontender_jadwal.html", PackageKind.NON_TENDER)

    assert problems == []
    assert set(planned_dates(schedule.stages)) == {"contracted_at", "date_basis"}
    assert schedule.histories == {2: "70000013007"}


def test_without_stages_there_are_no_dates():
    assert planned_dates([]) == {}
    assert planned_dates([{"name": "Penetapan Pemenang", "starts_at": None}]) == {}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Pengumuman Pascakualifikasi", "announced_at"),
        ("Pengumuman Prakualifikasi", "announced_at"),
        ("Pengumuman Tender", "announced_at"),
        ("Pengumuman Pelelangan", "announced_at"),
        ("Undangan Pengadaan", "announced_at"),
        ("Penetapan Pemenang", "awarded_at"),
        ("Penetapan dan Pengumuman Pemenang", "awarded_at"),
        ("Penandatanganan Kontrak", "contracted_at"),
        ("Penandatanganan Surat Perjanjian", "contracted_at"),
        ("Pengumuman Pemenang", None),
        ("Pengumuman Hasil Prakualifikasi", None),
        ("Pengumuman Pemenang Tender", None),
        ("Undangan Pembuktian Kualifikasi", None),
        ("Penetapan Hasil Kualifikasi", None),
        ("Masa Sanggah", None),
    ],
)
def test_stages_are_known_by_how_they_begin(name, key):
    moment = datetime(2025, 1, 1, tzinfo=UTC)

    dates = planned_dates([{"name": name, "starts_at": moment}])

    assert set(dates) == ({key, "date_basis"} if key else set())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({">Tahap<": ">Langkah<"}, ("detail-drift", "jadwal: Tahap, Mulai, Sampai")),
        ({">Mulai<": ">Dari<"}, ("detail-drift", "jadwal: Mulai")),
        ({'<th width="160">Sampai</th>': '<th>Hari</th><th width="160">Sampai</th>'}, ("row-unreadable", "jadwal")),
    ],
)
def test_a_schedule_of_another_shape_says_nothing_and_names_what_failed(changes, problem):
    schedule, problems = read(**changes)

    assert schedule is None
    assert problems == [problem]


def test_columns_are_found_wherever_they_stand():
    swapped = {
        '<th width="160">Mulai</th>': "<th>X</th>",
        '<th width="160">Sampai</th>': '<th width="160">Mulai</th>',
        "<th>X</th>": '<th width="160">Sampai</th>',
    }

    schedule, _ = read(**swapped)

    assert schedule.stages[0]["ends_at"] == datetime(2025, 3, 4, 0, 0, tzinfo=UTC)


def test_a_moment_that_cannot_be_read_is_empty_and_reported():
    schedule, problems = read(**{"4 Maret 2025 08:00": "31 Februari 2025 08:00"})

    assert schedule.stages[0]["starts_at"] is None
    assert problems == [("date-unreadable", "jadwal: Mulai")]


def test_a_count_of_changes_in_words_is_empty_and_reported():
    schedule, problems = read(**{"2 kali perubahan": "beberapa kali"})

    assert schedule.stages[1]["changes"] is None
    assert problems == [("count-unreadable", "jadwal: Perubahan")]


@pytest.mark.parametrize(
    "link",
    [
        "https://jahat.example/x",
        "/rekaan/jadwal/../../admin/history",
        "javascript:alert(1)",
        "/jadwal/12a/history",
        "/jadwal/12/history/x",
    ],
)
def test_a_history_is_asked_by_its_number_and_never_by_its_link(link):
    schedule, _ = read(**{"/rekaan/jadwal/70000002007/history": link})

    assert schedule.histories == {3: "70000004007"}


def test_a_schedule_without_end_is_not_asked_for_all_its_histories():
    head = "<tr><th>No</th><th>Tahap</th><th>Mulai</th><th>Sampai</th><th>Perubahan</th></tr>"
    link = '<a href="/rekaan/jadwal/{0}/history">1 kali perubahan</a>'
    rows = "".join(
        f"<tr><td>1</td><td>Tahap {n}</td><td></td><td></td><td>{link.format(n)}</td></tr>" for n in range(500)
    )
    endless = PackagePage(f"<div class=content><table>{head}{rows}</table></div>")

    schedule = read_schedule(endless, KINDS[PackageKind.TENDER], TimeZone.WIB, a_reader())

    assert len(schedule.stages) == 500
    assert len(schedule.histories) == MAX_HISTORIES


def test_an_empty_schedule_is_a_schedule():
    head = "<tr><th>No</th><th>Tahap</th><th>Mulai</th><th>Sampai</th><th>Perubahan</th></tr>"
    remark = '<tr><td colspan="5">Tidak Ada Jadwal</td></tr>'
    empty = PackagePage(f"<div class=content><table>{head}{remark}</table></div>")

    schedule = read_schedule(empty, KINDS[PackageKind.TENDER], TimeZone.WIB, a_reader())

    assert (schedule.stages, schedule.histories) == ([], {})


def test_a_history_tells_how_the_stage_stood_before_each_change():
    revisions, problems = read_changes()

    assert problems == []
    assert revisions == [
        {
            "edited_at": datetime(2025, 3, 9, 7, 50, tzinfo=UTC),
            "starts_at": datetime(2025, 3, 6, 2, 30, tzinfo=UTC),
            "ends_at": datetime(2025, 3, 9, 5, 0, tzinfo=UTC),
            "reason": "Panitia memerlukan waktu (contoh)",
        },
        {
            "edited_at": datetime(2025, 3, 10, 1, 5, tzinfo=UTC),
            "starts_at": datetime(2025, 3, 7, 2, 30, tzinfo=UTC),
            "ends_at": datetime(2025, 3, 10, 5, 0, tzinfo=UTC),
            "reason": None,
        },
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Tanggal Edit": "Diubah"}, ("detail-drift", "riwayat: Tanggal Edit, Mulai, Sampai, Keterangan")),
        ({'colspan="2"': ""}, ("detail-drift", "riwayat: Mulai, Sampai")),
        ({">Mulai<": ">Dari<"}, ("detail-drift", "riwayat: Mulai")),
        ({"<td>6 Maret 2025 09:30</td>": ""}, ("row-unreadable", "riwayat")),
    ],
)
def test_a_history_of_another_shape_says_nothing_and_names_what_failed(changes, problem):
    revisions, problems = read_changes(**changes)

    assert revisions is None
    assert problems == [problem]
