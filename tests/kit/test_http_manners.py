"""Redirects, sessions, and what is sent: how the client behaves towards hosts that behave."""

from dataclasses import replace

import pytest

from app.kit.http import (
    AddressForbidden,
    GuardedClient,
    TooManyRedirects,
    UrlForbidden,
)
from tests.kit.strangers import HASTY, STUBBORN, ask, leads, redirect, reply, resolving, says, stranger

# Redirects


async def test_a_redirect_is_followed_and_told():
    routes = {"/a": redirect("/b?x=1#part"), "/b": redirect("c"), "/c": reply(b"arrived")}
    async with stranger(leads(routes)) as host, GuardedClient(HASTY) as client:
        answer = await client.get(host.url("/a"))

    assert answer.content == b"arrived"
    assert answer.url == host.url("/c")
    assert answer.redirects == (host.url("/a"), host.url("/b?x=1"))
    assert client.requests == 3
    assert host.connections == 1


@pytest.mark.parametrize(("status", "method", "body"), [(301, "GET", b""), (302, "GET", b""), (303, "GET", b"")])
async def test_a_posted_form_becomes_a_question_where_the_standard_says_so(status, method, body):
    routes = {"/form": redirect("/there", status), "/there": reply(b"arrived")}
    async with stranger(leads(routes)) as host, GuardedClient(HASTY) as client:
        await client.post_form(host.url("/form"), [("a", "1")])

    assert (host.asked[1].method, host.asked[1].body) == (method, body)
    assert "content-type" not in host.asked[1].headers
    assert "content-length" not in host.asked[1].headers


@pytest.mark.parametrize("status", [307, 308])
async def test_a_posted_form_is_posted_again_where_the_standard_says_so(status):
    routes = {"/form": redirect("/there", status), "/there": reply(b"arrived")}
    async with stranger(leads(routes)) as host, GuardedClient(HASTY) as client:
        await client.post_form(host.url("/form"), [("a", "1"), ("b", "dua tiga"), ("a", "é")])

    assert [asked.method for asked in host.asked] == ["POST", "POST"]
    assert host.asked[0].body == host.asked[1].body == b"a=1&b=dua+tiga&a=%C3%A9"
    assert host.asked[1].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [300, 304, 305])
async def test_other_statuses_of_that_hundred_are_answers(status):
    answer = await ask(says(reply(b"", status=status, content_length=None if status == 304 else 0, location="/b")))

    assert answer.status == status
    assert answer.redirects == ()


async def test_a_redirect_to_nowhere_is_an_answer():
    answer = await ask(says(reply(b"moved", status=302)))

    assert (answer.status, answer.content) == (302, b"moved")


async def test_a_redirect_loop_ends():
    async with stranger(leads({"/a": redirect("/b"), "/b": redirect("/a")})) as host, GuardedClient(STUBBORN) as client:
        with pytest.raises(TooManyRedirects):
            await client.get(host.url("/a"))

    assert client.requests == STUBBORN.max_redirects + 1


async def test_a_client_that_may_follow_nothing_follows_nothing():
    with pytest.raises(TooManyRedirects):
        await ask(says(redirect("/b")), replace(HASTY, max_redirects=0))


@pytest.mark.parametrize(
    ("location", "failure"),
    [
        ("http://169.254.169.254/latest/meta-data/", AddressForbidden),
        ("//169.254.169.254/latest/meta-data/", AddressForbidden),
        ("http://[fd00:ec2::254]/", AddressForbidden),
        ("http://10.0.0.1/", AddressForbidden),
        ("http://inner.example/", AddressForbidden),
        ("http://2130706433/", UrlForbidden),
        ("file:///etc/passwd", UrlForbidden),
        ("gopher://127.0.0.1/", UrlForbidden),
        ("http://user:secret@127.0.0.1/", UrlForbidden),
        ("http://[::1", UrlForbidden),
        ("http://public.example:22/", UrlForbidden),
    ],
)
async def test_a_redirect_is_judged_like_any_url_and_not_tried_again(location, failure):
    async def resolver(host, port):
        return {"public.example": ["8.8.8.8"], "inner.example": ["8.8.8.8", "192.168.0.7"]}[host]

    async with stranger(says(redirect(location))) as host, GuardedClient(STUBBORN, resolver=resolver) as client:
        with pytest.raises(failure):
            await client.get(host.url())

    assert client.requests == 1


async def test_another_origin_sees_no_header_that_was_meant_for_the_first():
    headers = {
        "Authorization": "Bearer invented",
        "Referer": "http://secret.example/",
        "X-Requested-With": "XMLHttpRequest",
    }
    resolver = resolving(["127.0.0.1"])
    async with stranger(says(reply(b"there"))) as there:
        routes = {"/here": redirect("/near"), "/near": redirect(there.url(host="other.example"))}
        async with stranger(leads(routes)) as here, GuardedClient(HASTY, resolver=resolver) as client:
            await client.get(here.url("/here", host="node.example"), headers=headers)

    assert here.asked[1].headers["authorization"] == "Bearer invented"
    assert there.asked[0].headers.keys() == {"host", "user-agent", "accept", "accept-encoding", "x-requested-with"}


# Sessions


async def test_each_client_keeps_the_cookies_of_its_own_session():
    sessions = iter(["first", "second"])

    async def behave(asked, writer):
        new = {} if "cookie" in asked.headers else {"set_cookie": f"SPSE_SESSION={next(sessions)}; Path=/; HttpOnly"}
        writer.write(reply(asked.headers.get("cookie", "none").encode(), **new))

    async with stranger(behave) as host, GuardedClient(HASTY) as one, GuardedClient(HASTY) as other:
        for client in (one, other):
            assert (await client.get(host.url())).text == "none"
        assert (await one.get(host.url("/deep/path"))).text == "SPSE_SESSION=first"
        assert (await other.get(host.url())).text == "SPSE_SESSION=second"
        assert (one.cookie("SPSE_SESSION"), other.cookie("SPSE_SESSION")) == ("first", "second")
        assert one.cookie("OTHER") is None

        one.forget_cookies()
        assert one.cookie("SPSE_SESSION") is None


async def test_a_cookie_set_on_the_way_is_sent_on_and_a_strangers_host_does_not_get_it():
    resolver = resolving(["127.0.0.1"])
    async with stranger(says(reply(b"there"))) as there:
        away = there.url(host="other.example")
        routes = {"/a": redirect("/b", set_cookie="s=1; Path=/"), "/b": redirect(away)}
        async with stranger(leads(routes)) as here, GuardedClient(HASTY, resolver=resolver) as client:
            await client.get(here.url("/a", host="node.example"))

    assert here.asked[1].headers["cookie"] == "s=1"
    assert "cookie" not in there.asked[0].headers


@pytest.mark.parametrize(
    "line", ["a=1; Max-Age", "=; ;;=", "a", "a=1; Expires=never; Path", "a=1; Domain=.example", "\t"]
)
async def test_an_odd_cookie_is_no_accident(line):
    answer = await ask(says(reply(b"well", set_cookie=line)))

    assert answer.content == b"well"


# What is sent


async def test_a_request_says_who_asks_and_takes_gzip_only():
    async with stranger(says(reply())) as host, GuardedClient(HASTY) as client:
        await client.get(host.url("/a b?q=ü"), headers={"Accept": "text/html"})

    assert host.asked[0].target == "/a%20b?q=%C3%BC"
    assert host.asked[0].headers == {
        "host": f"127.0.0.1:{host.port}",
        "user-agent": "Rakor test",
        "accept": "text/html",
        "accept-encoding": "gzip",
    }


@pytest.mark.parametrize(
    "name", ["Host", "Cookie", "content-length", "Transfer-Encoding", "Accept-Encoding", "Connection"]
)
async def test_headers_that_carry_the_guard_cannot_be_set(name):
    async with GuardedClient(HASTY) as client:
        with pytest.raises(ValueError):
            await client.get("http://127.0.0.1/", headers={name: "x"})


async def test_a_header_cannot_smuggle_another():
    async with stranger(says(reply())) as host, GuardedClient(HASTY) as client:
        with pytest.raises(ValueError):
            await client.get(host.url(), headers={"Referer": "x\r\nX-Other: 1"})

    assert host.asked == []


async def test_a_body_is_posted_as_it_is_and_a_redirect_can_be_an_answer():
    still, body = replace(HASTY, follows_redirects=False), b'{"a": "\xc3\xa9"}'
    async with stranger(leads({"/a": redirect("/b", 307)})) as host, GuardedClient(still) as client:
        answer = await client.post(host.url("/a"), body, headers={"content-type": "application/json"})

    assert (answer.status, answer.content, len(host.asked)) == (307, b"", 1)
    assert (host.asked[0].method, host.asked[0].body) == ("POST", body)
    assert host.asked[0].headers["content-type"] == "application/json"
