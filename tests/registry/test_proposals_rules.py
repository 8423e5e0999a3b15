"""What a master list implies for the register, and what becomes of what was proposed before: rules without a database."""

import pytest

from app.core.text import name_key
from app.registry.proposal_rules import (
    Draft,
    Earlier,
    ProposalState,
    What,
    imply,
    imply_again,
    settle,
)
from app.registry.proposal_sides import (
    KnownInstitution,
    KnownNode,
    KnownRegion,
    Register,
    Subject,
    klpd_list,
    lpse_list,
)

RAYA = KnownNode("rayakab", "LPSE Kabupaten Raya", 7)
OPEN, DISMISSED = ProposalState.OPEN, ProposalState.DISMISSED


def lpse(*rows):
    return lpse_list(rows, "http://contoh.example/MasterLPSE")


def klpd(*rows):
    return klpd_list(rows, "http://contoh.example/MasterKLPD")


def of_nodes(*nodes, **more):
    return Register(nodes=nodes, **more)


def the_only(register, listed):
    (draft,) = imply(register, listed)
    return draft


# -- nodes


@pytest.mark.parametrize(
    "name", ["LPSE Kabupaten Raya", "lpse  kabupaten raya", "LPSE, Kabupaten Raya.", "LPSE Kabupaten-RAYA"]
)
def test_the_same_name_in_another_spelling_proposes_nothing(name):
    assert imply(of_nodes(RAYA), lpse((7, name))) == []


def test_an_unknown_lpse_is_proposed_as_a_discovered_node_without_address():
    draft = the_only(of_nodes(RAYA), lpse((8, "LPSE Kota Khayalan")))

    assert draft == Draft(
        Subject.NODE,
        "8",
        What.NEW,
        None,
        {"slug": "lpse-8", "name": "LPSE Kota Khayalan", "kd_lpse": 8, "state": "discovered"},
    )


def test_a_slug_that_another_node_has_is_not_proposed_again():
    taken = (KnownNode("lpse-8", "LPSE Contoh", 14), KnownNode("lpse-8-2", "LPSE Lain", 15))

    assert the_only(of_nodes(*taken), lpse((8, "LPSE Kota Khayalan"))).proposed["slug"] == "lpse-8-3"


def test_another_name_is_proposed_with_the_one_that_stands():
    draft = the_only(of_nodes(RAYA), lpse((7, "LPSE Kabupaten Raya Selatan")))

    assert (draft.what, draft.key) == (What.RENAME, "7")
    assert draft.current == {"node": "rayakab", "name": "LPSE Kabupaten Raya"}
    assert draft.proposed == {"name": "LPSE Kabupaten Raya Selatan"}


def test_a_name_that_a_person_gave_has_the_last_word():
    here = KnownNode("rayakab", "LPSE Kami Sendiri", 7, is_named_here=True)

    assert imply(of_nodes(here), lpse((7, "LPSE Kabupaten Raya"))) == []


def test_a_retired_node_is_neither_renamed_nor_new():
    retired = KnownNode("rayakab", "LPSE Kabupaten Raya", 7, "retired")

    assert imply(of_nodes(retired), lpse((7, "LPSE Lain Sekali"))) == []


def test_a_node_known_by_name_only_is_to_get_its_number_and_no_twin():
    unnumbered = KnownNode("khayalan", "LPSE Kota Khayalan", None)

    draft = the_only(of_nodes(unnumbered), lpse((8, "LPSE KOTA KHAYALAN")))

    assert (draft.what, draft.current) == (What.KD_LPSE, {"node": "khayalan", "name": "LPSE Kota Khayalan"})
    assert draft.proposed == {"node": "khayalan", "kd_lpse": 8}


@pytest.mark.parametrize(
    ("nodes", "kept_apart"),
    [
        ((KnownNode("khayalan", "LPSE Kota Khayalan", 9),), ()),
        ((KnownNode("khayalan", "LPSE Kota Khayalan", None, "retired"),), ()),
        ((KnownNode("khayalan", "LPSE Kota Khayalan", None),), ((8, "khayalan"),)),
        ((KnownNode("khayalan", "LPSE Kota Khayalan", None), KnownNode("kota", "LPSE Kota Khayalan", None)), ()),
    ],
    ids=["it has another number", "it is retired", "a person keeps them apart", "there are two"],
)
def test_a_namesake_that_cannot_simply_be_numbered_is_named_beside_the_new_node(nodes, kept_apart):
    draft = the_only(of_nodes(*nodes, kept_apart=frozenset(kept_apart)), lpse((8, "LPSE Kota Khayalan")))

    assert draft.what == What.NEW
    assert draft.current == {"same_name": sorted(node.slug for node in nodes)}


@pytest.mark.parametrize(
    "row",
    [
        (0, "LPSE Contoh"),
        (-7, "LPSE Contoh"),
        (2_000_000_001, "LPSE Contoh"),
        (8, ""),
        (8, " – . "),
        (8, "\x00\u202e"),
        (8, "LPSE " + "x" * 200),
    ],
)
def test_a_row_that_cannot_stand_in_the_register_is_left_out_and_counted(row):
    listed = lpse(row)

    assert imply(of_nodes(RAYA), listed) == []
    assert listed.unusable == (str(row[0]),)


def test_what_a_reader_cannot_see_is_not_taken_over():
    assert the_only(of_nodes(), lpse((8, "LPSE\u00a0 Kota\u202e Khayalan\n"))).proposed["name"] == "LPSE Kota Khayalan"


@pytest.mark.parametrize("rows", [(), ((7, "LPSE Kabupaten Raya"),)])
def test_what_a_list_lacks_proposes_nothing(rows):
    register = of_nodes(RAYA, *(KnownNode(f"n{number}", f"LPSE {number} Contoh", number) for number in range(100, 200)))

    settlement = settle(register, lpse(*rows), [])

    assert settlement.made == settlement.obsolete == []
    assert settlement.is_short


# -- institutions


def test_an_unknown_institution_is_proposed_with_its_type_and_the_territory_that_nobody_governs():
    register = Register(
        institutions=[KnownInstitution("D1", "Kota Contoh", "90.71")],
        regions=[
            KnownRegion("90.71", "Kota Contoh", "kota"),
            KnownRegion("90.01", "Kabupaten Contoh", "kabupaten"),
            KnownRegion("90", "Contoh", "provinsi"),
        ],
    )

    regency, city, province = imply(
        register,
        klpd(
            ("D2", "Kab. Contoh", "KABUPATEN"),
            ("D3", "Kota Contoh", "KOTA"),
            ("D4", "Provinsi Contoh", "PROVINSI"),
        ),
    )

    assert regency.proposed == {
        "name": "Kab. Contoh",
        "type": "kabupaten",
        "stated_type": "KABUPATEN",
        "region": "90.01",
    }
    assert (province.proposed["type"], province.proposed["region"]) == ("provinsi", "90")
    assert (city.proposed["region"], city.current) == (None, {"same_name": ["D1"]})


def test_two_territories_of_one_name_are_not_guessed_between():
    twins = [KnownRegion(code, "Kabupaten Contoh", "kabupaten") for code in ("90.01", "91.01")]

    assert the_only(Register(regions=twins), klpd(("D2", "Kab. Contoh", "KABUPATEN"))).proposed["region"] is None


@pytest.mark.parametrize(
    ("stated", "type_"),
    [("KEMENTERIAN", "kementerian"), ("Lembaga", "lembaga"), ("BUMN CONTOH", "lembaga"), (None, "lembaga")],
)
def test_a_type_that_the_register_has_no_word_for_stands_beside_the_one_it_has(stated, type_):
    proposed = the_only(Register(), klpd(("K900", "Badan Contoh", stated))).proposed

    assert (proposed["type"], proposed["stated_type"], proposed["region"]) == (type_, stated, None)


def test_a_name_that_leads_to_another_institution_is_said():
    register = Register(
        institutions=[KnownInstitution("K1", "Kementerian Contoh")],
        aliases={name_key("Kementerian Contoh dan Khayalan"): "K1"},
    )

    draft = the_only(register, klpd(("K2", "Kementerian Contoh dan Khayalan", "KEMENTERIAN")))

    assert draft.current == {"same_name": ["K1"]}


def test_a_renamed_institution_is_proposed_under_its_code():
    register = Register(institutions=[KnownInstitution("K1", "Kementerian Contoh")])

    assert imply(register, klpd(("K1", "KEMENTERIAN CONTOH", "KEMENTERIAN"))) == []
    draft = the_only(register, klpd(("K1", "Kementerian Contoh Baru", "KEMENTERIAN")))
    assert (draft.what, draft.current, draft.proposed) == (
        What.RENAME,
        {"name": "Kementerian Contoh"},
        {"name": "Kementerian Contoh Baru"},
    )


@pytest.mark.parametrize("code", ["", "D", "181", "d181", "D1234567", "DÉ1", "D1 "])
def test_a_code_that_is_none_is_left_out(code):
    listed = klpd((code, "Kota Contoh", "KOTA"))

    assert imply(Register(), listed) == []
    assert len(listed.unusable) == 1


# -- before and now


def earlier(draft, state=OPEN):
    return Earlier(1, state, draft)


def new_node(name="LPSE Kota Khayalan", number=8):
    return the_only(of_nodes(), lpse((number, name)))


def test_what_is_open_already_is_seen_again_and_not_made_twice():
    settlement = settle(of_nodes(), lpse((8, "LPSE KOTA KHAYALAN")), [earlier(new_node())])

    assert (settlement.made, settlement.obsolete) == ([], [])
    assert [one.id for one in settlement.seen_again] == [1]


def test_an_open_one_says_what_the_register_says_today():
    before = the_only(of_nodes(RAYA), lpse((7, "LPSE Kabupaten Raya Baru")))
    today = of_nodes(KnownNode("rayakab", "LPSE Kab. Raya", 7))

    (again,) = settle(today, lpse((7, "LPSE Kabupaten Raya Baru")), [earlier(before)]).seen_again

    assert again.draft.current == {"node": "rayakab", "name": "LPSE Kab. Raya"}


def test_another_name_for_the_same_key_closes_what_is_open_and_proposes_anew():
    settlement = settle(of_nodes(), lpse((8, "LPSE Kota Impian")), [earlier(new_node())])

    assert [draft.proposed["name"] for draft in settlement.made] == ["LPSE Kota Impian"]
    assert [one.id for one in settlement.obsolete] == [1]


def test_what_was_dismissed_does_not_come_back_in_another_spelling():
    settlement = settle(of_nodes(), lpse((8, "LPSE kota khayalan")), [earlier(new_node(), DISMISSED)])

    assert (settlement.made, settlement.dismissed) == ([], 1)


def test_what_was_dismissed_comes_back_when_something_else_is_proposed():
    settlement = settle(of_nodes(), lpse((8, "LPSE Kota Impian")), [earlier(new_node(), DISMISSED)])

    assert (len(settlement.made), settlement.dismissed) == (1, 0)


def test_a_dismissal_holds_although_the_register_would_take_another_slug():
    register = of_nodes(KnownNode("lpse-8", "LPSE Contoh", 14))

    assert settle(register, lpse((8, "LPSE Kota Khayalan")), [earlier(new_node(), DISMISSED)]).made == []


def test_a_dismissal_of_one_thing_is_none_of_another():
    rename = the_only(of_nodes(RAYA), lpse((7, "LPSE Kota Khayalan")))

    settlement = settle(of_nodes(), lpse((7, "LPSE Kota Khayalan")), [earlier(rename, DISMISSED)])

    assert [draft.what for draft in settlement.made] == [What.NEW]


def test_a_proposal_that_the_register_has_caught_up_with_is_obsolete():
    caught_up = of_nodes(KnownNode("khayalan", "LPSE Kota Khayalan", 8))

    settlement = settle(caught_up, lpse((8, "LPSE Kota Khayalan")), [earlier(new_node())])

    assert [one.id for one in settlement.obsolete] == [1]


def test_a_whole_list_that_dropped_the_row_closes_its_proposal():
    settlement = settle(of_nodes(RAYA), lpse((7, "LPSE Kabupaten Raya")), [earlier(new_node())])

    assert not settlement.is_short
    assert [one.id for one in settlement.obsolete] == [1]


def test_a_short_list_closes_nothing_that_still_holds():
    register = of_nodes(RAYA, KnownNode("lain", "LPSE Lain", 9))

    settlement = settle(register, lpse((9, "LPSE Lain")), [earlier(new_node())])

    assert (settlement.is_short, settlement.missing, settlement.obsolete) == (True, 1, [])


def test_a_short_list_that_names_the_key_otherwise_closes_what_it_named_before():
    register = of_nodes(RAYA, KnownNode("lain", "LPSE Lain", 9))

    settlement = settle(register, lpse((8, "LPSE Kota Impian")), [earlier(new_node())])

    assert settlement.is_short
    assert [one.id for one in settlement.obsolete] == [1]
    assert [draft.proposed["name"] for draft in settlement.made] == ["LPSE Kota Impian"]


def test_a_short_list_still_closes_what_the_register_has_settled():
    register = of_nodes(RAYA, KnownNode("khayalan", "LPSE Kota Khayalan", 8))

    settlement = settle(register, lpse(), [earlier(new_node())])

    assert [one.id for one in settlement.obsolete] == [1]


def test_a_list_lacking_a_tenth_is_whole_and_one_more_makes_it_short():
    nodes = [KnownNode(f"n{number}", f"LPSE {number}", number) for number in range(1, 21)]

    def is_short(listed):
        return settle(of_nodes(*nodes), lpse(*((node.kd_lpse, node.name) for node in nodes[:listed])), []).is_short

    assert (is_short(18), is_short(17)) == (False, True)


def test_one_list_leaves_the_proposals_of_the_other_alone():
    settlement = settle(Register(), klpd(("K1", "Badan Contoh", "LEMBAGA")), [earlier(new_node())])

    assert settlement.obsolete == []


@pytest.mark.parametrize(
    ("before", "after", "still"),
    [
        (of_nodes(RAYA), of_nodes(RAYA), True),
        (of_nodes(RAYA), of_nodes(KnownNode("rayakab", "LPSE Nama Lain", 7)), False),
        (of_nodes(RAYA), of_nodes(KnownNode("raya", "LPSE Kabupaten Raya", 7)), False),
        (of_nodes(RAYA), of_nodes(KnownNode("rayakab", "LPSE Kota Khayalan", 7)), False),
        (of_nodes(RAYA), of_nodes(), False),
        (of_nodes(), of_nodes(), True),
        (of_nodes(), of_nodes(KnownNode("lain", "LPSE Kota Khayalan", 9)), False),
    ],
)
def test_a_draft_holds_as_long_as_the_register_says_what_it_said(before, after, still):
    draft = the_only(before, lpse((7, "LPSE Kota Khayalan")))

    assert (imply_again(after, draft) == draft) is still


def test_each_kind_of_draft_follows_again_from_itself():
    unnumbered = KnownNode("khayalan", "LPSE Kota Khayalan", None)
    register = of_nodes(RAYA, unnumbered, institutions=[KnownInstitution("K1", "Badan Contoh")])
    listed = lpse((7, "LPSE Raya Baru"), (8, "LPSE kota khayalan"), (9, "LPSE Baru"))
    drafts = imply(register, listed) + imply(
        register, klpd(("K1", "Badan Contoh Baru", "LEMBAGA"), ("K2", "PT Contoh", "BUMN"))
    )

    assert [draft.what for draft in drafts] == ["rename", "kd_lpse", "new", "rename", "new"]
    assert [imply_again(register, draft) for draft in drafts] == drafts
