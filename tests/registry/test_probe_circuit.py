"""The circuit of an endpoint, as rules without a database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters.protocol import IndexIncomplete, NodeContractBroken, NodeRefused, NodeUnreachable
from app.kit.http import (
    AddressForbidden,
    AnswerBroken,
    ConnectFailed,
    DeadlineExceeded,
    HostUnresolved,
    OutboundFailure,
    TlsFailed,
    UrlForbidden,
)
from app.registry.health import (
    NEEDS_OPERATOR,
    SENTENCES,
    CircuitPolicy,
    FailureCode,
    Health,
    after_failure,
    after_success,
    failure_of,
    message_of,
    ordinary_interval,
    says_nothing,
)
from tests.conftest import NOW

POLICY = CircuitPolicy()
UNKNOWN = Health(7, "unknown", 0, None, None, NOW, None, None, None)
HEALED_BY_TIME = [code for code in FailureCode if code not in NEEDS_OPERATOR]


def minutes(count):
    return timedelta(minutes=count)


def failing(times, failure=FailureCode.UNREACHABLE, start=UNKNOWN):
    health = start
    for number in range(times):
        health = after_failure(health, failure, NOW + minutes(number), POLICY)
    return health


@pytest.mark.parametrize("failure", HEALED_BY_TIME)
def test_two_failures_are_a_worry_and_the_third_in_a_row_opens(failure):
    assert [failing(times, failure).state for times in (1, 2, 3)] == ["failing", "failing", "open"]
    assert failing(2, failure).opened_at is None
    assert failing(3, failure).opened_at == NOW + minutes(2)


def test_failures_that_are_not_in_a_row_do_not_open():
    health = UNKNOWN
    for _ in range(5):
        health = after_success(failing(2, start=health), NOW, POLICY)

    assert (health.state, health.consecutive_failures) == ("ok", 0)


@pytest.mark.parametrize("failure", sorted(NEEDS_OPERATOR))
def test_what_only_the_operator_can_heal_opens_at_once_and_is_tried_every_hour(failure):
    health = after_failure(after_success(UNKNOWN, NOW, POLICY), failure, NOW, POLICY)

    assert (health.state, health.opened_at, health.last_failure) == ("open", NOW, failure)
    assert health.next_probe_at == NOW + minutes(60)


@pytest.mark.parametrize("times", [1, 2, 3, 10])
def test_one_that_does_not_answer_is_asked_every_five_minutes(times):
    health = failing(times)

    assert health.next_probe_at == NOW + minutes(times - 1) + minutes(5)


def test_an_open_circuit_stays_open_since_it_opened_until_the_first_success():
    opened = failing(3)
    later = failing(20, start=opened)
    closed = after_success(later, NOW + minutes(99), POLICY)

    assert (later.state, later.opened_at) == ("open", opened.opened_at)
    assert (closed.state, closed.opened_at, closed.consecutive_failures) == ("ok", None, 0)
    assert (closed.recovered_at, closed.last_ok_at) == (NOW + minutes(99), NOW + minutes(99))


def test_after_a_recovery_counting_begins_anew():
    recovered = after_success(failing(3), NOW, POLICY)

    assert failing(2, start=recovered).state == "failing"
    assert failing(3, start=recovered).state == "open"


def test_only_the_end_of_an_open_circuit_is_a_recovery():
    assert after_success(UNKNOWN, NOW, POLICY).recovered_at is None
    assert after_success(failing(2), NOW, POLICY).recovered_at is None
    earlier = replace(UNKNOWN, state="ok", recovered_at=NOW - minutes(600))
    assert after_success(earlier, NOW, POLICY).recovered_at == NOW - minutes(600)


def test_what_was_learnt_before_is_kept():
    health = failing(1, start=after_success(UNKNOWN, NOW - minutes(15), POLICY))

    assert (health.last_ok_at, health.last_failure, health.last_failure_at) == (
        NOW - minutes(15),
        "unreachable",
        NOW,
    )
    assert after_success(health, NOW, POLICY).last_failure == "unreachable"


def test_healthy_endpoints_are_asked_at_times_of_their_own_within_a_tenth():
    intervals = [ordinary_interval(endpoint_id, POLICY) for endpoint_id in range(1, 1001)]

    assert min(intervals) >= minutes(13.5)
    assert max(intervals) <= minutes(16.5)
    assert max(intervals) - min(intervals) > minutes(2.9)
    assert len(set(intervals)) == 1000
    assert after_success(UNKNOWN, NOW, POLICY).next_probe_at == NOW + ordinary_interval(7, POLICY)


def test_the_policy_is_obeyed():
    impatient = CircuitPolicy(
        failures_to_open=1,
        probe_every=minutes(1),
        failing_probe_every=minutes(2),
        refused_probe_every=minutes(3),
        jitter=0,
    )

    assert after_success(UNKNOWN, NOW, impatient).next_probe_at == NOW + minutes(1)
    opened = after_failure(UNKNOWN, FailureCode.UNREACHABLE, NOW, impatient)
    assert (opened.state, opened.next_probe_at) == ("open", NOW + minutes(2))
    refused = after_failure(UNKNOWN, FailureCode.REFUSED, NOW, impatient)
    assert refused.next_probe_at == NOW + minutes(3)


def raised(failure, cause=None):
    failure.__cause__ = cause
    return failure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (raised(NodeUnreachable("x")), "unreachable"),
        (raised(NodeUnreachable("x"), ConnectFailed("y")), "unreachable"),
        (raised(NodeUnreachable("x"), AnswerBroken("y")), "unreachable"),
        (raised(NodeUnreachable("x"), DeadlineExceeded("y")), "timed-out"),
        (raised(NodeUnreachable("x"), HostUnresolved("y")), "name-unresolved"),
        (raised(NodeRefused("x")), "refused"),
        (raised(NodeRefused("x"), TlsFailed("y")), "tls-failed"),
        (raised(NodeRefused("x"), AddressForbidden("y")), "forbidden-address"),
        (raised(NodeRefused("x"), UrlForbidden("y")), "forbidden-address"),
        (raised(NodeContractBroken("x")), "contract-broken"),
        (raised(IndexIncomplete("x")), "unreachable"),
    ],
)
def test_each_failure_has_its_code(error, code):
    assert failure_of(error) == code
    assert not says_nothing(error)


def test_a_host_that_is_paused_says_nothing_about_its_nodes():
    class Paused(OutboundFailure):
        code = "host-paused"

    assert says_nothing(raised(NodeUnreachable("x"), Paused("y")))


def test_every_code_has_a_sentence_in_both_languages():
    assert set(SENTENCES) == set(FailureCode)
    for code in FailureCode:
        message = message_of(code)
        assert message["id"] != message["en"]
        assert all(text.endswith(".") for text in message.values())
