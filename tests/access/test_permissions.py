"""The one table of who may do what, said again in words: whoever changes it changes it here too."""

import pytest

from app.access.callers import COMMAND_LINE, Role
from app.access.errors import NotAllowed
from app.access.permissions import PERMISSIONS, Act, may, require
from tests.access.callers import a_caller

ANYWHERE = {
    "province": set(Act),
    "reader": {Act.READ_SUBMISSIONS, Act.READ_PERSONAL, Act.READ_RAW, Act.READ_AUDIT},
    "node": set(),
}
OWN = {Act.COLLECT, Act.PUSH, Act.READ_SUBMISSIONS, Act.REPORT_FIGURES, Act.READ_PERSONAL, Act.KEEP_WEBHOOKS}


def test_every_act_says_something_of_every_role():
    assert set(PERMISSIONS) == set(Act)
    assert all(set(row) == set(Role) for row in PERMISSIONS.values())


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", ["province", "node", "reader"])
def test_a_role_does_what_the_table_says_and_nothing_else(role, act):
    caller = a_caller(role, *(["surabaya"] if role == "node" else []))
    everywhere = act in ANYWHERE[role]

    assert may(caller, act) is everywhere
    assert may(caller, act, "gresikkab") is everywhere
    assert may(caller, act, "tidak-ada") is everywhere
    assert may(caller, act, "surabaya") is (everywhere or (role == "node" and act in OWN))


@pytest.mark.parametrize("act", list(Act))
def test_the_public_may_nothing_that_stands_in_the_table(act):
    assert not may(None, act)
    assert not may(None, act, "surabaya")
    with pytest.raises(NotAllowed):
        require(None, act, "surabaya")


@pytest.mark.parametrize("act", list(Act))
def test_the_command_line_may_everything(act):
    require(COMMAND_LINE, act)
    require(COMMAND_LINE, act, "surabaya")


def test_a_key_of_several_nodes_speaks_for_each_and_for_no_other():
    caller = a_caller("node", "surabaya", "gresikkab")

    assert [may(caller, Act.PUSH, slug) for slug in ("surabaya", "gresikkab", "jemberkab", "Surabaya", "surabaya ", "")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_nodes_beside_another_role_mean_nothing():
    assert not may(a_caller("reader", "surabaya"), Act.PUSH, "surabaya")


def test_a_refusal_names_neither_what_was_asked_for_nor_whether_it_is_there():
    caller = a_caller("node", "surabaya")
    refusals = []
    for slug in ("gresikkab", "tidak-ada"):
        with pytest.raises(NotAllowed) as refused:
            require(caller, Act.PUSH, slug)
        refusals.append((refused.value.english, refused.value.indonesian))

    assert refusals[0] == refusals[1]
