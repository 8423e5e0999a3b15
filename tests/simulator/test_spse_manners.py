"""The simulator over real HTTP: it must be as particular as a real node, and fail as one when told to."""

import re

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from app.simulator.faults import Faults
from app.simulator.running import running_simulator
from tests.simulator.worlds import a_node, a_world

TOKEN = re.compile(r"d\.authenticityToken = '([0-9a-f]{40})';")


@pytest.fixture(scope="module")
def running():
    world = a_world(a_node(), a_node("lain", zone="WITA"), tenders=(30, 30), non_tenders=(40, 40), max_length=25)
    with running_simulator(world) as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    """The same server for all, without the faults and counts of the test before."""
    running.requests.clear()
    yield running
    running.app.faults = Faults()


class Visitor:
    """Does by hand what a polite client does."""

    def __init__(self, simulator, slug="contoh"):
        self.base = simulator.url(slug)
        self.client = httpx.Client(timeout=60)
        self.token = None

    def get(self, path, *, referer=True):
        return self.client.get(f"{self.base}{path}", headers={"Referer": f"{self.base}/lelang"} if referer else {})

    def enter(self):
        answer = self.get("/lelang")
        self.token = TOKEN.search(answer.text).group(1)
        return answer

    def ask(self, index="lelang", *, headers=None, year=2025, **form):
        asked = {"draw": "3", "start": "0", "length": "100", "authenticityToken": self.token, **form}
        own = {"Referer": f"{self.base}/lelang", "X-Requested-With": "XMLHttpRequest"}
        sent = {name: value for name, value in {**own, **(headers or {})}.items() if value is not None}
        return self.client.post(f"{self.base}/dt/{index}?tahun={year}", data=asked, headers=sent)

    def rows(self, index="lelang", **form):
        return self.ask(index, **form).json()["data"]


@pytest.fixture
def visitor(simulator):
    visitor = Visitor(simulator)
    visitor.enter()
    yield visitor
    visitor.client.close()


BY_CODE = {"order[0][column]": "0", "order[0][dir]": "asc"}


def test_the_listing_page_gives_a_cookie_a_token_and_the_years(visitor):
    visitor.client.cookies.clear()

    page = visitor.enter()

    cookie = page.headers["set-cookie"]
    assert re.fullmatch(
        rf"SPSE_SESSION=[0-9a-f]+-___AT={visitor.token}&___TS=\d+&___ID=[0-9a-f-]{{36}}; Path=/contoh; HttpOnly", cookie
    )
    years = [option.attributes["value"] for option in LexborHTMLParser(page.text).css("select[name=tahun] option")]
    assert years[0] == ""
    assert {"2025", "2026"} < set(years)


def test_a_visitor_who_has_a_session_keeps_it(visitor):
    token = visitor.token

    again = visitor.enter()

    assert visitor.token == token
    assert "set-cookie" not in again.headers


def test_the_footer_tells_version_and_zone(simulator):
    for slug, zone in (("contoh", "WIB"), ("lain", "WITA")):
        footer = LexborHTMLParser(httpx.get(simulator.url(slug) + "/lelang", timeout=60).text)
        assert re.fullmatch(r"\d+ [A-Z][a-z]+ 20\d\d \d\d:\d\d", footer.css_first("#realtime").text())
        assert footer.css_first("#realtime + span").text() == zone
        assert re.search(r"SPSE v(\d+\.\d+u\d{8})", footer.css_first("#footer").text())


def test_the_answer_has_the_shape_of_datatables(visitor):
    answer = visitor.ask(**BY_CODE)

    body = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert (body["draw"], body["recordsTotal"], body["recordsFiltered"]) == ("3", 2147483647, 2147483647)
    assert {len(row) for row in body["data"]} == {16}
    assert {len(row) for row in visitor.rows("pl")} == {12}
    assert all(cell is None or isinstance(cell, str) for row in body["data"] for cell in row)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Requested-With": None},
        {"Referer": None},
        {"Referer": "http://elsewhere.example/contoh/lelang"},
        {"Referer": "http://127.0.0.1/lain/lelang"},
        {"Cookie": "SPSE_SESSION="},
    ],
)
def test_the_index_refuses_what_does_not_come_from_its_own_page(visitor, headers):
    if "Cookie" in headers:
        visitor.client.cookies.clear()

    refused = visitor.ask(headers=headers)

    assert refused.status_code == 403
    assert "Akses Ditolak!" in refused.text


@pytest.mark.parametrize("token", [{"authenticityToken": "f" * 40}, {"authenticityToken": ""}])
def test_a_token_that_is_not_of_this_session_is_refused(visitor, token):
    assert visitor.ask(**token).status_code == 403


def test_the_token_in_another_spelling_is_no_token(visitor):
    assert visitor.ask(authenticityToken="", authenticity_token=visitor.token).status_code == 403


def test_the_token_of_one_session_does_not_open_another(visitor, simulator):
    other = Visitor(simulator)
    other.enter()

    other.token = visitor.token

    assert other.ask().status_code == 403
    other.client.close()


def test_the_session_of_one_node_is_none_on_another(visitor, simulator):
    cookie = visitor.client.cookies.get("SPSE_SESSION")
    stranger = Visitor(simulator, "lain")
    stranger.token = visitor.token

    answer = stranger.ask(headers={"Cookie": f"SPSE_SESSION={cookie}"})

    assert answer.headers["content-type"].startswith("text/html")
    stranger.client.close()


def test_an_ended_session_is_answered_with_a_page_and_mended_by_coming_again(visitor, simulator):
    simulator.app.faults = Faults(expire_tokens_every=1)
    stale = visitor.ask()
    simulator.app.faults = Faults()

    assert stale.status_code == 200
    assert stale.headers["content-type"].startswith("text/html")
    assert "set-cookie" in visitor.enter().headers
    assert visitor.ask().json()["data"]


def test_paging_by_code_reaches_every_package_once(visitor, simulator):
    codes, start = [], 0
    while page := visitor.rows(**BY_CODE, start=str(start), length="100"):
        assert len(page) <= 25, "the node caps the length"
        codes += [int(row[0]) for row in page]
        start += len(page)

    listed = simulator.world.listed("contoh", 2025, "tender")
    assert codes == sorted(int(package.code) for package in listed)
    assert len(codes) > 25


def test_descending_order_begins_with_the_last_code(visitor):
    last = visitor.rows(**BY_CODE, start="25")[-1]

    assert visitor.rows(**{**BY_CODE, "order[0][dir]": "desc"})[0] == last


def test_without_an_order_packages_of_one_day_change_places(visitor, simulator):
    code = next(iter(simulator.world.everything("contoh", "non_tender")))
    day = simulator.world.find_package("contoh", "non_tender", code).published_on
    for other in simulator.world.listed("contoh", 2026, "non_tender"):
        simulator.world.amend("contoh", "non_tender", other.code, published_on=day)

    orders = {tuple(row[0] for row in visitor.rows("pl", year=2026)) for _ in range(5)}
    stable = {tuple(row[0] for row in visitor.rows("pl", year=2026, **BY_CODE)) for _ in range(5)}

    assert len(orders) > 1
    assert len(stable) == 1


def test_a_filter_of_year_stands_in_the_address_or_in_the_form(visitor):
    by_address = visitor.rows(year=2026, **BY_CODE)

    assert visitor.rows(year="", tahun="2026", **BY_CODE) == by_address
    assert visitor.rows(year=2026, tahun="", **BY_CODE) == by_address
    assert visitor.rows(year=1999) == []


def test_search_and_category_narrow_the_list(visitor):
    one = visitor.rows(**BY_CODE)[0]

    assert visitor.rows(**{"search[value]": one[0]}) == [one]
    assert visitor.rows(**{"search[value]": "tidak ada nama seperti ini"}) == []
    assert all(row[8].startswith("Pekerjaan Konstruksi - TA") for row in visitor.rows(kategoriId="2"))


def test_length_nothing_and_length_everything(visitor):
    assert visitor.rows(length="0") == []
    assert len(visitor.rows(length="-1")) == 25


def test_a_length_that_is_no_number_is_an_error_of_the_application(visitor):
    answer = visitor.ask(length="banyak")

    assert answer.status_code == 500
    assert "Maaf, terjadi error pada aplikasi SPSE." in answer.text


def test_details_open_only_from_inside(visitor, simulator):
    code = next(iter(simulator.world.everything("contoh", "tender")))

    assert visitor.get(f"/lelang/{code}/pengumumanlelang").status_code == 200
    assert visitor.get(f"/lelang/{code}/pengumumanlelang", referer=False).status_code == 403


def test_every_tab_of_every_package_opens_and_there_are_as_many_as_it_has_come(visitor, simulator):
    expected = {(False, False): 2, (True, False): 4, (True, True): 5}
    for kind, listing in (("tender", "lelang/{}/pengumumanlelang"), ("non_tender", "nontender/{}/pengumumanpl")):
        for code, package in list(simulator.world.everything("contoh", kind).items())[:20]:
            page = LexborHTMLParser(visitor.get("/" + listing.format(code)).text)
            links = [link.attributes["href"] for link in page.css("ul.nav-tabs a.nav-link")]
            assert len(links) == expected[package.evaluated, package.finished]
            for link in links:
                answer = visitor.get(link.removeprefix("/contoh"))
                assert (answer.status_code, 'id="main"' in answer.text) == (200, True)


def test_an_announcement_is_as_large_as_a_recorded_one(visitor, simulator):
    sizes = [
        len(visitor.get(f"/lelang/{code}/pengumumanlelang").content)
        for code in list(simulator.world.everything("contoh", "tender"))[:10]
    ]

    assert all(8_000 < size < 13_000 for size in sizes)


def test_winners_of_a_package_that_runs_are_a_head_without_rows(visitor, simulator):
    package = next(
        package for package in simulator.world.everything("contoh", "tender").values() if not package.evaluated
    )

    page = LexborHTMLParser(visitor.get(f"/evaluasi/{package.code}/pemenang").text)

    assert [row.css_first("th") is not None for row in page.css("div.content table table tr")] == [True]


def test_a_changed_stage_has_a_history(visitor, simulator):
    package, changes = next(
        (package, stage.changes)
        for package in simulator.world.everything("contoh", "tender").values()
        for stage in package.schedule
        if stage.changes
    )
    schedule = LexborHTMLParser(visitor.get(f"/lelang/{package.code}/jadwal").text)
    link = schedule.css_first("a[href$=history]").attributes["href"]

    history = LexborHTMLParser(visitor.get(link.removeprefix("/contoh")).text)

    assert [row.css_first("td") is not None for row in history.css("table tr")] == [False, False] + [True] * changes


@pytest.mark.parametrize(
    "path", ["/lelang/99/pengumumanlelang", "/jadwal/99000/history", "/jadwal/x/history", "/evaluasi/x/pemenang"]
)
def test_an_unknown_package_is_said_to_be_missing_with_status_200(visitor, path):
    answer = visitor.get(path)

    assert answer.status_code == 200
    assert "Halaman yang dituju tidak ditemukan" in answer.text


@pytest.mark.parametrize("path", ["/contoh/lain", "/tidak-ada/lelang", "/-/apa", "/contoh/dt/lelang"])
def test_what_is_no_page_is_not_found(simulator, path):
    assert httpx.get(simulator.base_url + path, timeout=60).status_code == 404


def test_every_nth_request_fails_with_the_error_page(visitor, simulator):
    simulator.app.faults = Faults(fail_every=2)

    statuses = [visitor.get("/lelang").status_code for _ in range(4)]

    assert sorted(statuses) == [200, 200, 500, 500]
    assert statuses[0] != statuses[1]


def test_too_many_requests_say_when_to_come_again(visitor, simulator):
    simulator.app.faults = Faults(too_many_every=1, retry_after_seconds=7)

    answer = visitor.get("/lelang")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_truncated_answer_ends_before_its_announced_length(visitor, simulator):
    simulator.app.faults = Faults(truncate_every=1)

    with pytest.raises(httpx.RemoteProtocolError):
        visitor.get("/lelang")


def test_one_node_may_refuse_while_its_neighbour_answers(simulator):
    simulator.app.faults = Faults(nodes={"lain": Faults(refuse=True)})

    assert "Akses Ditolak!" in httpx.get(simulator.url("lain") + "/lelang", timeout=60).text
    assert httpx.get(simulator.url("contoh") + "/lelang", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        (Faults(login_page=True), lambda answer: answer.headers["content-type"].startswith("text/html")),
        (Faults(empty_index=True), lambda answer: answer.json()["data"] == []),
        (Faults(rewrite={"Rp. ": "Rp.~"}), lambda answer: "Rp.~" in answer.text and "Rp. " not in answer.text),
    ],
)
def test_the_index_can_be_made_to_surprise(visitor, simulator, faults, seen):
    simulator.app.faults = faults

    assert seen(visitor.ask())


def test_an_order_can_be_ignored(visitor, simulator):
    simulator.app.faults = Faults(ignore_order=True)

    codes = [int(row[0]) for row in visitor.rows(**BY_CODE)]

    assert codes != sorted(codes)


def test_the_simulator_counts_what_it_is_asked(visitor, simulator):
    code = next(iter(simulator.world.everything("contoh", "tender")))
    visitor.ask()
    visitor.get(f"/lelang/{code}/pengumumanlelang")
    visitor.get(f"/lelang/{code}/peserta", referer=False)

    counted = httpx.get(simulator.base_url + "/-/counters", timeout=60).json()

    assert counted == {"contoh": {"listing": 1, "index": 1, "pengumuman": 1, "peserta": 1}}


def test_the_simulator_tells_its_truth_and_its_nodes(simulator):
    everything = httpx.get(simulator.base_url + "/-/truth", timeout=60).json()
    one = httpx.get(simulator.base_url + "/-/truth/contoh/2025", timeout=60).json()

    assert everything["contoh"]["2025"] == one
    assert set(everything) == {"contoh", "lain"}
    assert one["by_pagu"]["pagu"] == f"{simulator.world.truth('contoh', 2025)['by_pagu']['pagu']:.2f}"
    assert [node["zone"] for node in httpx.get(simulator.base_url + "/-/nodes", timeout=60).json()] == ["WIB", "WITA"]
