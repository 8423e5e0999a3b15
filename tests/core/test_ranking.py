"""Rankings as plain arithmetic: monotone, free of scale, independent of order; ties, intervals, and what moves a node up."""

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ranking import Direction, Peers, Volume, judge, mean_score, next_better, rupiah, stand, volumes_of
from app.core.ranking_formulas import COMPETITION, COMPOSITE, RANKINGS, READINESS, SAVINGS, SINGLE, TIMELINESS
from app.core.ranking_intervals import Replicates, combine, intervals
from app.core.ranking_samples import Days, Shares, millionths
from app.core.ranking_table import (
    NO_INTERVAL,
    Contender,
    place,
    place_all,
    repetitions,
    repetitions_of_all,
    with_intervals,
)
from app.core.savings import ratio

FEW = settings(max_examples=40, deadline=None)
SLOW = settings(max_examples=12, deadline=None)

BASES = st.integers(1, 10**15)
CELLS = st.lists(
    BASES.flatmap(lambda base: st.tuples(st.integers(-base, base), st.just(base))), min_size=1, max_size=6
).map(tuple)
NAMES = ["ambarkab", "birukota", "cendanakab", "dukuprov", "embunkota", "fajarkab"]
SHARES = st.dictionaries(st.sampled_from(NAMES), CELLS, min_size=2)
HISTOGRAMS = st.dictionaries(st.integers(0, 60), st.integers(1, 5), min_size=1, max_size=8)


def eligible(formula, sample):
    """Somebody whom no rule keeps out."""
    facts = {rule.fact: rule.needed for rule in formula.rules}
    return Contender(sample, facts)


def table_of(formula, cells):
    return place(formula, {key: eligible(formula, Shares(found)) for key, found in cells.items()})


def whole(formula, contenders):
    table = place(formula, contenders)
    return with_intervals(table, repetitions(table, contenders))


def ranks(table):
    return {key: placed.rank for key, placed in table.placed.items()}


def raised(cells, by):
    """The same with a numerator that is larger by so much."""
    (part, base), *others = cells
    return ((part + by, base), *others)


# -- ranks and scores


def test_equals_share_a_rank_and_the_next_one_is_skipped():
    standings = stand({"a": 7, "b": 9, "c": 9, "d": 1})

    assert {key: standing.rank for key, standing in standings.items()} == {"b": 1, "c": 1, "a": 3, "d": 4}
    assert standings["b"].score == standings["c"].score == 750_000
    assert (standings["a"].score, standings["d"].score) == (375_000, 125_000)


def test_a_node_alone_is_first_and_scores_one_half():
    assert (stand({"a": 5})["a"].rank, stand({"a": 5})["a"].score) == (1, 500_000)
    assert stand({}) == {}


@FEW
@given(st.dictionaries(st.sampled_from(NAMES), st.integers(-3, 3), min_size=1))
def test_ranks_and_scores_equal_their_definition(merits):
    standings = stand(merits)

    for key, merit in merits.items():
        better = sum(other > merit for other in merits.values())
        below = sum(other < merit for other in merits.values())
        equal = sum(other == merit for other in merits.values())
        exact = Fraction(2 * below + equal, 2 * len(merits))
        assert standings[key].rank == 1 + better
        assert standings[key].score == int(exact * 10**6 + Fraction(1, 2))
        above = [(other, name) for name, other in merits.items() if other > merit]
        assert next_better(merits).get(key) == (min(above)[1] if above else None)


@FEW
@given(SHARES)
def test_published_figures_decide_and_are_the_ratio_of_sums(cells):
    for formula in (SAVINGS, COMPETITION):
        table = table_of(formula, cells)
        figures = {
            key: ratio(Decimal(sum(part for part, _ in found)), Decimal(sum(base for _, base in found)))
            for key, found in cells.items()
        }
        assert {key: formula.published(placed.points) for key, placed in table.placed.items()} == figures
        ordered = sorted(figures.values(), reverse=formula is SAVINGS)
        assert ranks(table) == {key: 1 + ordered.index(figure) for key, figure in figures.items()}
        assert list(table.placed) == sorted(figures, key=lambda key: (table.placed[key].rank, key))


@FEW
@given(st.integers(-(10**18), 10**18), st.integers(1, 10**18))
def test_points_are_the_published_ratio(part, base):
    assert Decimal(millionths(part, base)).scaleb(-6) == ratio(Decimal(part), Decimal(base))


# -- monotone


@FEW
@given(SHARES, st.data())
def test_doing_better_never_worsens_a_rank(cells, data):
    key = data.draw(st.sampled_from(sorted(cells)))
    better = raised(cells[key], data.draw(st.integers(0, 10**15)))
    for formula in (SAVINGS, COMPETITION):
        # Of a figure of which less is better, the larger one is before and the smaller one after.
        before, after = (cells[key], better) if formula is SAVINGS else (better, cells[key])
        one, other = (table_of(formula, {**cells, key: found}) for found in (before, after))
        assert other.placed[key].rank <= one.placed[key].rank
        assert other.placed[key].score >= one.placed[key].score
        for rival in cells.keys() - {key}:
            assert other.placed[rival].rank >= one.placed[rival].rank


@FEW
@given(st.dictionaries(st.sampled_from(NAMES), HISTOGRAMS, min_size=2), st.data())
def test_awarding_sooner_never_worsens_a_rank(histograms, data):
    key = data.draw(st.sampled_from(sorted(histograms)))
    slow = data.draw(st.sampled_from(sorted(histograms[key])))
    sooner = {**histograms[key], slow: histograms[key][slow] - 1}
    quick = data.draw(st.integers(0, slow))
    sooner[quick] = sooner.get(quick, 0) + 1

    one, other = (
        place(TIMELINESS, {name: eligible(TIMELINESS, Days.of(found)) for name, found in world.items()})
        for world in (histograms, {**histograms, key: sooner})
    )

    assert other.placed[key].rank <= one.placed[key].rank
    assert other.placed[key].score >= one.placed[key].score


PARTS = st.lists(st.integers(0, 12), min_size=4, max_size=4)


@FEW
@given(st.dictionaries(st.sampled_from(NAMES), PARTS, min_size=2), st.data())
def test_doing_better_in_one_component_never_worsens_the_composite(world, data):
    named = [formula for formula in SINGLE if formula is not TIMELINESS]
    key, which = data.draw(st.sampled_from(sorted(world))), data.draw(st.integers(0, 3))
    by = data.draw(st.integers(1, 12)) * (1 if named[which].direction is Direction.HIGHER else -1)

    def composite(parts):
        tables = {
            formula.ranking: table_of(formula, {name: ((found[number], 24),) for name, found in parts.items()})
            for number, formula in enumerate(named)
        }
        return place_all(replace(COMPOSITE, components=tuple(tables)), tables)

    better = [part + by * (number == which) for number, part in enumerate(world[key])]
    before, after = composite(world), composite({**world, key: better})

    assert after.placed[key].rank <= before.placed[key].rank
    assert after.placed[key].points >= before.placed[key].points


# -- free of scale, independent of order


@SLOW
@given(SHARES, st.integers(2, 10**6), st.randoms(use_true_random=False))
def test_neither_scale_nor_order_change_anything_but_the_way_up(cells, factor, shuffling):
    scaled = {key: tuple((part * factor, base * factor) for part, base in found) for key, found in cells.items()}
    keys = list(cells)
    shuffling.shuffle(keys)
    tables = [
        whole(SAVINGS, {key: eligible(SAVINGS, Shares(world[key])) for key in order})
        for world, order in ((cells, sorted(cells)), (cells, keys), (scaled, keys))
    ]

    assert tables[0] == tables[1]
    for key, placed in tables[0].placed.items():
        same = tables[2].placed[key]
        assert (same.rank, same.score, same.points, same.interval) == (
            placed.rank,
            placed.score,
            placed.points,
            placed.interval,
        )


@SLOW
@given(st.dictionaries(st.sampled_from(NAMES), CELLS, min_size=3), st.randoms(use_true_random=False))
def test_the_composite_is_independent_of_order_too(cells, shuffling):
    def composite(order):
        contenders = {
            formula.ranking: {
                key: eligible(formula, Days.of({sum(p for p, _ in cells[key]) % 50: 9}))
                if formula is TIMELINESS
                else eligible(formula, Shares(cells[key]))
                for key in order
            }
            for formula in SINGLE
        }
        tables = {name: place(RANKINGS[name], among) for name, among in contenders.items()}
        repeated = [(RANKINGS[name], repetitions(tables[name], contenders[name])) for name in tables]
        table = place_all(COMPOSITE, tables)
        return with_intervals(table, repetitions_of_all(table, repeated))

    keys = sorted(cells)
    straight = composite(keys)
    shuffling.shuffle(keys)

    assert composite(keys) == straight
    for key, placed in straight.placed.items():
        assert placed.points == mean_score([table_scores(cells, formula)[key] for formula in SINGLE])


def table_scores(cells, formula):
    samples = {
        key: Days.of({sum(p for p, _ in found) % 50: 9}) if formula is TIMELINESS else Shares(found)
        for key, found in cells.items()
    }
    return {
        key: standing.score
        for key, standing in stand({key: formula.merit(s.points()) for key, s in samples.items()}).items()
    }


# -- days


@FEW
@given(HISTOGRAMS)
def test_the_median_and_the_ninetieth_percentile_are_exact(histogram):
    taken = sorted(days for days, count in histogram.items() for _ in range(count))
    position = Fraction(9 * (len(taken) - 1), 10)
    below = taken[int(position)]
    above = taken[min(int(position) + 1, len(taken) - 1)]

    assert Days.of(histogram).percentile(5) == 10 * median(taken)
    assert Days.of(histogram).percentile(9) == 10 * (below + (position - int(position)) * (above - below))


def test_medians_are_drawn_as_if_every_package_were_drawn():
    histogram = {4: 3, 9: 2, 12: 4, 30: 1, 47: 2}
    taken = [days for days, count in histogram.items() for _ in range(count)]
    dice = random.Random(7)
    patient = [10 * median(dice.choices(taken, k=len(taken))) for _ in range(6000)]
    quick = Days.of(histogram).drawn_anew("contoh", times=6000, cells_needed=4)

    for found in sorted(set(patient) | set(quick)):
        assert abs(patient.count(found) - quick.count(found)) < 260, found


# -- intervals


def test_the_same_data_always_give_the_same_interval_and_it_holds_the_rank():
    dice = random.Random(3)
    contenders = {
        f"contoh{n:02}": eligible(SAVINGS, Shares(tuple((dice.randrange(-20, 90 + n), 1000) for _ in range(12))))
        for n in range(30)
    }

    once, again = (whole(SAVINGS, contenders) for _ in range(2))

    assert once == again
    widths = []
    for placed in once.placed.values():
        low, high = placed.interval
        assert 1 <= low <= placed.rank <= high <= 30
        assert placed.no_interval is None
        widths.append(high - low)
    assert max(widths) > 5


def test_who_is_far_ahead_is_surely_first():
    contenders = {
        key: eligible(SAVINGS, Shares(tuple((part + n, 1000) for n in range(6))))
        for key, part in (("ambarkab", 500), ("birukota", 100), ("cendanakab", 101))
    }

    placed = whole(SAVINGS, contenders).placed

    assert placed["ambarkab"].interval == (1, 1)
    assert placed["birukota"].interval == placed["cendanakab"].interval == (2, 3)


def test_the_interval_is_the_middle_of_the_ranks_that_come_out():
    plan = replace(SAVINGS.resampling, replicates=10, level=Decimal("0.80"))
    merits = [(5, 3, 4)] * 1 + [(5, 4, 3)] * 7 + [(3, 4, 5)] * 2
    found = intervals(Replicates(("a", "b", "c"), merits, frozenset({"a", "b"})), plan, {"a": 1, "b": 3, "c": 2})

    # One of ten is cut off at either end; b is widened to its own rank; c was never drawn.
    assert found == {"a": (1, 3), "b": (2, 3), "c": None}


def test_without_an_interval_the_reason_is_said():
    few = {"ambarkab": ((1, 10), (2, 10), (0, 0), (3, 10)), "birukota": ((1, 10), (2, 10), (4, 10), (3, 10))}
    table = whole(SAVINGS, {key: eligible(SAVINGS, Shares(cells)) for key, cells in few.items()})
    assert (table.placed["ambarkab"].interval, table.placed["ambarkab"].no_interval) == (None, "too-few-cells")
    assert table.placed["birukota"].interval is not None

    state = whole(READINESS, {"ambarkab": eligible(READINESS, Shares(((3, 5),)))})
    assert (state.placed["ambarkab"].interval, state.placed["ambarkab"].no_interval) == (None, "no-sample")
    assert set(NO_INTERVAL) == {"too-few-cells", "no-sample"}


def test_a_composite_has_an_interval_where_every_component_that_is_drawn_has_one():
    still, moving = (Replicates(("a", "b"), [(1, 2), (2, 1)], frozenset(names)) for names in ("a", "ab"))

    assert combine([(moving, True), (still, True)], ["a", "b"]).moving == {"a"}
    assert combine([(moving, True), (still, False)], ["a", "b"]).moving == {"a", "b"}
    assert combine([(moving, True)], ["b"]).rounds == [[750_000], [250_000]]


def test_a_composite_of_nobody_is_empty():
    tables = {formula.ranking: place(formula, {}) for formula in SINGLE}
    table = place_all(COMPOSITE, tables)
    repeated = [(RANKINGS[name], repetitions(found, {})) for name, found in tables.items()]

    assert with_intervals(table, repetitions_of_all(table, repeated)).placed == {}
    assert combine([], []).keys == ()


# -- what would move a node up


@FEW
@given(CELLS, st.integers(-(10**6), 10**6), st.sampled_from(list(Direction)))
def test_the_step_is_the_least_change_that_reaches_the_next_figure(cells, target, direction):
    sign = 1 if direction is Direction.HIGHER else -1
    sample = Shares(cells)
    if sign * target <= sign * sample.points():
        return

    step = sample.step(target, direction)

    assert step >= 1
    assert sign * Shares(raised(cells, sign * step)).points() >= sign * target
    assert sign * Shares(raised(cells, sign * (step - 1))).points() < sign * target


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("target", [-2, -1, 0, 1, 2])
def test_the_step_knows_on_which_side_of_a_half_rounding_turns(target, direction):
    # With this base every other numerator is exactly a half millionth, which rounds away from zero.
    sign = 1 if direction is Direction.HIGHER else -1

    step = Shares(((-sign * 9, 2_000_000),)).step(target, direction)

    assert sign * millionths(sign * (step - 9), 2_000_000) >= sign * target
    assert sign * millionths(sign * (step - 10), 2_000_000) < sign * target


@FEW
@given(HISTOGRAMS, st.integers(0, 120))
def test_the_step_of_days_is_the_fewest_packages(histogram, halves):
    days, target = Days.of(histogram), 5 * halves
    if target >= days.points():
        return
    taken = sorted(found for found, count in histogram.items() for _ in range(count))

    step = days.step(target, Direction.LOWER)

    enough = [
        10 * median(taken[: len(taken) - moved] + [target // 10] * moved) <= target
        for moved in range(1, len(taken) + 1)
    ]
    assert step == 1 + enough.index(True)
    assert days.sooner(step, target // 10).points() <= target


def test_the_step_takes_a_node_to_the_rank_it_names():
    cells = {"ambarkab": ((900, 10000),), "birukota": ((31_234_567, 500_000_000),), "cendanakab": ((1, 10000),)}
    table = table_of(SAVINGS, cells)
    step = table.placed["birukota"].step

    assert (step.key, step.rank, step.change) == ("ambarkab", 1, Decimal("137654.33") - Decimal("2.50"))
    assert step.sentence["id"] == (
        "Atas pagu yang sama, nilai yang disepakati harus Rp137.651,83 lebih rendah untuk menyamai ambarkab (peringkat 1)."
    )
    assert "Rp137,651.83 lower to equal ambarkab (rank 1)" in step.sentence["en"]
    cells["birukota"] = raised(cells["birukota"], int(step.change * 100))
    assert ranks(table_of(SAVINGS, cells)) == {"ambarkab": 1, "birukota": 1, "cendanakab": 3}
    assert table.placed["ambarkab"].step is None


# -- who is ranked, and among whom


def test_reasons_come_in_the_order_of_the_rules_and_speak_both_languages():
    facts = {"year_read": 1, "counted_packages": 9, "left_out_share": Decimal("0.2000000001"), "pagu": Decimal(5)}

    few, many = judge(SAVINGS.rules, facts)

    assert (few.code, few.found, few.needed) == ("too-few-packages", 9, 10)
    assert few.sentence["id"] == "Baru 9 paket selesai yang memiliki pagu dan nilai; diperlukan sedikitnya 10."
    # What is too much by a trace is told as too much.
    assert (many.code, many.found, many.needed) == ("too-many-left-out", Decimal("0.200001"), Decimal("0.20"))
    assert "20,0001 % paket selesai; yang dibolehkan paling banyak 20 %." in many.sentence["id"]
    assert "20.0001 % of the completed packages; at most 20 %" in many.sentence["en"]


def test_who_falls_short_is_ranked_nowhere_and_changes_no_rank():
    full = {key: eligible(SAVINGS, Shares(((part, 100),))) for key, part in (("ambarkab", 5), ("birukota", 9))}
    short = Contender(Shares(((99, 100),)), {**full["ambarkab"].facts, "counted_packages": 2})

    table = whole(SAVINGS, {**full, "cendanakab": short})

    assert table.placed == whole(SAVINGS, full).placed
    assert [reason.code for reason in table.not_ranked["cendanakab"]] == ["too-few-packages"]


def test_the_composite_names_the_component_that_keeps_a_node_out():
    tables = {
        formula.ranking: table_of(formula, {"ambarkab": ((1, 2),)}) for formula in SINGLE if formula is not TIMELINESS
    }
    tables["timeliness"] = place(
        TIMELINESS, {"ambarkab": Contender(Days.of({}), {"year_read": 1, "dated_tenders": 0, "dated_share": None})}
    )

    table = place_all(COMPOSITE, tables)

    assert table.placed == {}
    assert [(reason.component, reason.code) for reason in table.not_ranked["ambarkab"]] == [
        ("timeliness", "too-few-dates")
    ]


@pytest.mark.parametrize("formula", RANKINGS.values(), ids=lambda formula: formula.ranking)
def test_every_formula_is_told_whole(formula):
    texts = [formula.title, formula.definition, formula.step, *(rule.sentence for rule in formula.rules)]
    if plan := formula.resampling:
        texts.append(plan.what)
        assert f"{plan.level * 100:.0f} %" in plan.what["id"]
        assert f"{plan.replicates} pengulangan" in plan.what["id"]
        assert f"{plan.replicates} repetitions" in plan.what["en"]
    for text in texts:
        assert set(text) == {"id", "en"}
        assert text["id"] != text["en"]
    assert (formula.formula.id, formula.formula.version) == (f"ranking-{formula.ranking}", formula.version)
    assert len({rule.code for rule in formula.rules}) == len(formula.rules)
    for limit in (formula.parameters or {}).values():
        shown = f"{limit * 100:.0f} %" if limit < 1 else str(limit)
        assert shown in formula.definition["id"] or limit == 3


def test_thirds_are_by_amount_and_equals_stay_together():
    amounts = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 4, "f": 4, "g": 9}
    assert volumes_of(amounts) == {
        "a": Volume.SMALL,
        "b": Volume.SMALL,
        "c": Volume.SMALL,
        "d": Volume.MEDIUM,
        "e": Volume.MEDIUM,
        "f": Volume.MEDIUM,
        "g": Volume.LARGE,
    }
    assert volumes_of({key: Decimal(amount) * 7 for key, amount in amounts.items()}) == volumes_of(amounts)
    assert volumes_of({}) == {}


def test_peers_follow_the_type_of_the_region():
    assert [Peers.of(kind) for kind in ("provinsi", "kabupaten", "kota", None)] == list(Peers)


def test_amounts_stand_in_sentences_as_people_write_them():
    assert rupiah(123456789) == {"id": "Rp1.234.567,89", "en": "Rp1,234,567.89"}
    assert rupiah(5)["id"] == "Rp0,05"
