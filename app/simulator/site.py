"""The public site of one SPSE node: which page or list answers which request."""

from collections.abc import Callable
from contextlib import suppress

from app.simulator import award_pages, frames, pages, recording_pages, schedule_pages
from app.simulator.faults import Faults, strikes
from app.simulator.index import BadQuestion, Index
from app.simulator.nodes import Kind, SimulatedNode
from app.simulator.packages import SimulatedPackage
from app.simulator.sessions import Sessions
from app.simulator.web import JSON, Question, Reply, html, read_fields
from app.simulator.world import World

Page = Callable[[SimulatedNode, SimulatedPackage], str]

_LISTINGS = {
    "lelang": ("Tender", "lelang"),
    "nontender": ("Non Tender", "pl"),
    "pencatatan": ("Pencatatan Non Tender", "nonspk"),
    "swakelola": ("Pencatatan Swakelola", "swakelola"),
    "darurat": ("Pengadaan Darurat", "darurat-list"),
}
_INDEXES: dict[str, Kind] = {
    "lelang": "tender",
    "pl": "non_tender",
    "nonspk": "recorded",
    "swakelola": "self_managed",
    "darurat-list": "emergency",
}
_AREAS: dict[str, Kind] = {
    "lelang": "tender",
    "evaluasi": "tender",
    "nontender": "non_tender",
    "evaluasinontender": "non_tender",
    "pencatatan": "recorded",
    "swakelola": "self_managed",
    "darurat": "emergency",
}
_HISTORIES: dict[str, Kind] = {"jadwal": "tender", "jadwalnontender": "non_tender"}

_BEHIND_THE_CODE: dict[tuple[str, str], Page] = {
    ("lelang", "pengumumanlelang"): pages.announcement,
    ("nontender", "pengumumanpl"): pages.announcement,
    ("swakelola", "pengumuman"): recording_pages.recording,
    **{(area, "peserta"): pages.participants for area in ("lelang", "nontender")},
    **{(area, "jadwal"): schedule_pages.timetable for area in ("lelang", "nontender")},
    **{(area, "hasil"): pages.evaluation for area in ("evaluasi", "evaluasinontender")},
    **{(area, "pemenang"): award_pages.winners for area in ("evaluasi", "evaluasinontender")},
    **{(area, "pemenangberkontrak"): award_pages.contracts for area in ("evaluasi", "evaluasinontender")},
}
"""Pages at `/{area}/{code}/{name}`."""
_BEFORE_THE_CODE: dict[tuple[str, str], Page] = {
    ("swakelola", "pengumumanswakelolapelaksana"): recording_pages.realization,
}
"""Pages at `/{area}/{name}/{code}`."""
_CODE_IN_QUERY: dict[tuple[str, str], Page] = {
    ("pencatatan", "pengumumannonspk"): recording_pages.recording,
    ("pencatatan", "pengumumannonspkpemenang"): recording_pages.realization,
    ("darurat", "pengumumandarurat"): recording_pages.recording,
    ("darurat", "pengumumandaruratpemenang"): recording_pages.realization,
}
"""Pages at `/{area}/{name}?id={code}`."""


class SpseSite:
    """Answers for every node of a world, each with sessions of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._index = Index(world)
        self._sessions: dict[str, Sessions] = {}

    def answer(self, node: SimulatedNode, question: Question, faults: Faults, turn: int) -> Reply:
        sessions = self._sessions_of(node.slug)
        if strikes(faults.expire_tokens_every, turn):
            sessions.end_all()
        match question.parts[1:]:
            case ():
                return html(frames.home_page(node))
            case (word,) if word in _LISTINGS:
                return self._listing(node, question, word, sessions)
            case ("dt", word) if word in _INDEXES:
                return self._answer_index(node, question, _INDEXES[word], faults, turn)
            case (area, identifier, "history") if area in _HISTORIES:
                return self._history(node, question, _HISTORIES[area], identifier)
            case _:
                return self._detail(node, question)

    def _listing(self, node: SimulatedNode, question: Question, word: str, sessions: Sessions) -> Reply:
        """Browsing needs no session; whoever has none gets one here."""
        title, index = _LISTINGS[word]
        years = self.world.years(node.slug)
        held = sessions.find(question.header(b"cookie"))
        session = held or sessions.open()
        year = question.query.get("tahun", str(max(self.world.settings.years)))
        reply = html(frames.listing_page(node, title, index, year, years, session.token))
        if held is None:
            reply.headers.append((b"set-cookie", sessions.set_cookie(session).encode()))
        return reply

    def _answer_index(self, node: SimulatedNode, question: Question, kind: Kind, faults: Faults, turn: int) -> Reply:
        """Only a POST from a listing page, with cookie and token of one living session, is answered with JSON."""
        if question.method != "POST":
            return html(frames.not_found_page(node), 404)
        if question.header(b"x-requested-with").lower() != "xmlhttprequest" or not question.comes_from(node.slug):
            return html(frames.refused_page("Permintaan tidak dikenal."), 403)
        form = read_fields(question.body)
        match self._sessions_of(node.slug).judge(question.header(b"cookie"), form.get("authenticityToken")):
            case "bad":
                return html(frames.refused_page("Token tidak sesuai."), 403)
            case "stale":
                return html(frames.login_page(node))
            case "good":
                pass
        if faults.login_page:
            return html(frames.login_page(node))
        try:
            body = self._index.answer(node.slug, kind, question.query, form, turn=turn, faults=faults)
        except BadQuestion:
            return html(frames.error_page("DT400"), 500)
        return Reply(body, content_type=JSON)

    def _detail(self, node: SimulatedNode, question: Question) -> Reply:
        found = find_page(question.parts[1:])
        if found is None:
            return html(frames.not_found_page(node), 404)
        kind, render, code = found
        if not question.comes_from(node.slug):
            return html(frames.refused_page("Halaman dibuka dari luar aplikasi."), 403)
        package = self.world.find_package(node.slug, kind, question.query.get("id", "") if code is None else code)
        if package is None:
            return html(frames.not_found_page(node))
        return html(render(node, package))

    def _history(self, node: SimulatedNode, question: Question, kind: Kind, identifier: str) -> Reply:
        if not question.comes_from(node.slug):
            return html(frames.refused_page("Halaman dibuka dari luar aplikasi."), 403)
        with suppress(ValueError):
            code, position = schedule_pages.split_stage_id(identifier)
            package = self.world.find_package(node.slug, kind, code)
            if package is not None and position < len(package.schedule):
                return html(schedule_pages.stage_history(node, package.schedule[position]))
        return html(frames.not_found_page(node))

    def _sessions_of(self, slug: str) -> Sessions:
        if slug not in self._sessions:
            self._sessions[slug] = Sessions(slug)
        return self._sessions[slug]


def find_page(parts: tuple[str, ...]) -> tuple[Kind, Page, str | None] | None:
    """The page of a package that an address means, and the code if the path holds it."""
    match parts:
        case (area, name) if (area, name) in _CODE_IN_QUERY:
            return _AREAS[area], _CODE_IN_QUERY[area, name], None
        case (area, name, code) if (area, name) in _BEFORE_THE_CODE:
            return _AREAS[area], _BEFORE_THE_CODE[area, name], code
        case (area, code, name) if (area, name) in _BEHIND_THE_CODE:
            return _AREAS[area], _BEHIND_THE_CODE[area, name], code
        case _:
            return None


def kind_of_page(parts: tuple[str, ...]) -> str:
    """The word by which a request is counted: home, listing, index, history, other, or the page of a package."""
    match parts:
        case ():
            return "home"
        case (word,) if word in _LISTINGS:
            return "listing"
        case ("dt", _):
            return "index"
        case (area, _, "history") if area in _HISTORIES:
            return "history"
    found = find_page(parts)
    if found is None:
        return "other"
    _, render, _ = found
    if render is recording_pages.realization:
        return "realisasi"
    return "pengumuman" if render in {pages.announcement, recording_pages.recording} else parts[-1]
