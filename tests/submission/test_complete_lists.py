"""Complete lists: what several of them lack is withdrawn; one that shrank waits for a person."""

import pytest

from tests.submission.conftest import a_row

SCOPE = {"complete": "true", "fiscal_year": 2025, "kind": "tender"}


async def push_list(sender, codes, name="Contoh"):
    return (await sender.push(*(a_row(code, name=name) for code in codes), **SCOPE)).json()


@pytest.fixture
def codes():
    return [str(9000 + number) for number in range(40)]


async def withdrawn(packages):
    return {code for code, item in (await packages()).items() if item["withdrawn"]}


async def test_what_three_complete_lists_lack_is_withdrawn(sender, packages, codes):
    await push_list(sender, codes)
    answers = [await push_list(sender, codes[1:], name=f"Contoh {turn}") for turn in range(3)]

    assert [answer["counts"]["withdrawn"] for answer in answers] == [0, 0, 1]
    assert answers[0]["problem_codes"] == {"list-shrink-pending": 1}
    assert await withdrawn(packages) == {codes[0]}
    await push_list(sender, codes, name="Kembali")
    assert await withdrawn(packages) == set()


async def test_a_list_that_shrank_takes_nothing_away_until_a_person_says_so(sender, packages, codes, keeper):
    await push_list(sender, codes)

    shrunk = [await push_list(sender, codes[:20], name=f"Contoh {turn}") for turn in range(4)][-1]

    assert (shrunk["counts"]["withdrawn"], shrunk["problem_codes"]) == (0, {"list-shrunk": 1})
    assert await withdrawn(packages) == set()
    path = f"/api/v1/submissions/{shrunk['id']}/withdrawal"
    assert (await sender.get(path)).status_code == 403
    assert (await keeper.get(path)).json()["packages"] == 20
    decided = await keeper.post(path, json={"reason": "Surat Contoh no. 1"})
    assert (decided.status_code, decided.json()["withdrawn"]) == (200, 20)
    assert await withdrawn(packages) == set(codes[20:])
    assert (await keeper.delete(path)).json()["withdrawn"] == 20
    assert await withdrawn(packages) == set()
    assert (await keeper.delete(path)).status_code == 404


async def test_a_list_with_refused_rows_proves_no_absence(sender, packages, codes):
    await push_list(sender, codes)
    rows = [a_row(code) for code in codes[1:]]

    answers = [(await sender.push(*rows, a_row("x", pagu=f"salah {turn}"), **SCOPE)).json() for turn in range(4)]

    assert {answer["counts"]["withdrawn"] for answer in answers} == {0}
    assert answers[-1]["problem_codes"]["list-incomplete"] == 1
    assert await withdrawn(packages) == set()


async def test_a_list_speaks_of_its_own_year_and_kind_only(sender, packages, codes):
    await sender.push(a_row("1", fiscal_year=2024), a_row("2", kind="non_tender"))
    await push_list(sender, codes)

    for turn in range(4):
        await push_list(sender, codes, name=f"Contoh {turn}")

    assert await withdrawn(packages) == set()


async def test_a_dry_run_counts_for_nothing(sender, packages, codes):
    await push_list(sender, codes)

    for turn in range(4):
        await sender.push(*(a_row(code, name=f"Contoh {turn}") for code in codes[1:]), **SCOPE, dry_run="true")
    last = await push_list(sender, codes[1:])

    assert last["counts"]["withdrawn"] == 0
    assert await withdrawn(packages) == set()
