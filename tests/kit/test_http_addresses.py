"""Where a request may go: judged by every address that a name has, and by how a host is spelled."""

import asyncio
import re
import socket
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.http import (
    AddressForbidden,
    ConnectFailed,
    GuardedClient,
    HostUnresolved,
    OutboundFailure,
    OutboundPolicy,
    UrlForbidden,
    judge_addresses,
    judge_url,
    parse_networks,
    special_purpose,
)
from tests.kit.strangers import HASTY, reply, resolving, says, stranger

PUBLIC = OutboundPolicy()

INNER_ADDRESSES = re.findall(
    r"\S+",
    """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a9fe:a9fe 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2620:4f:8000::1 3ffe::1 3fff::1 3fff:fff::1 5f00::1
fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 1fff:ffff::1 4000::1
""",
)

ORDINARY_ADDRESSES = re.findall(
    r"\S+",
    """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 103.56.92.1 126.255.255.255 128.0.0.1 168.63.129.15
168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2400:cb00::1
2606:4700::1111 3ffd::1
""",
)


@pytest.mark.parametrize("address", INNER_ADDRESSES)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(AddressForbidden):
        judge_addresses("node.example", [address], 443, PUBLIC)


@pytest.mark.parametrize("address", ORDINARY_ADDRESSES)
def test_an_address_of_the_public_internet_passes(address):
    judged = judge_addresses("node.example", [address], 443, PUBLIC)

    assert judged == [address.removeprefix("::ffff:")]


@given(st.ip_addresses())
def test_nothing_passes_that_python_itself_calls_private_or_special(address):
    if special_purpose(address) is None:
        plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        assert plain.is_global
        assert not any((plain.is_private, plain.is_multicast, plain.is_reserved, plain.is_loopback))


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_inside(address):
    assert special_purpose(IPv6Address(f"::ffff:{address}")) == special_purpose(address)


@given(st.ip_addresses(v=4))
def test_no_tunnelled_address_passes(address):
    number = int(address)
    for prefix, shift in (("64:ff9b::", 0), ("64:ff9b:1::", 0), ("2002::", 80), ("2001::", 0), ("::ffff:0:0:0", 0)):
        assert special_purpose(IPv6Address(int(IPv6Address(prefix)) | (number << shift))) is not None


def test_one_bad_address_among_good_ones_condemns_the_host():
    with pytest.raises(AddressForbidden, match=r"“node\.example” leads to 10\.0\.0\.5"):
        judge_addresses("node.example", ["8.8.8.8", "2606:4700::1111", "10.0.0.5"], 443, PUBLIC)


def test_an_allowed_network_opens_itself_on_any_port_and_nothing_else():
    policy = replace(PUBLIC, allowed_networks=parse_networks("127.0.0.0/8, ::1/128"))

    assert judge_addresses("here", ["127.0.0.1", "::1", "::ffff:127.0.0.9"], 5999, policy) == [
        "127.0.0.1",
        "::1",
        "127.0.0.9",
    ]
    with pytest.raises(AddressForbidden):
        judge_addresses("here", ["127.0.0.1", "10.0.0.1"], 443, policy)
    with pytest.raises(UrlForbidden):
        judge_addresses("here", ["127.0.0.1", "8.8.8.8"], 5999, policy)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1111%eth0", "not-an-address", "", "127.1"])
def test_what_is_no_plain_address_is_refused(text):
    with pytest.raises(AddressForbidden):
        judge_addresses("node.example", [text], 443, PUBLIC)


def test_networks_are_read_from_a_list():
    assert parse_networks(" 127.0.0.0/8,fd00::/8 ,") == (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert parse_networks("") == ()
    with pytest.raises(ValueError):
        parse_networks("127.0.0.1/8")


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0X7F.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.01/",
        "http://127.0.0.256/",
        "http://1.2.3.4.5/",
        "http://node.0x1/",
        "http://node.7/",
        "http://%31%32%37.0.0.1/",
        "http://127%2e0.0.1/",
        "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
        "http://127\u30020\u30020\u30021/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[2606:4700::1111%251]/",
        "http://[v1.fe80::a]/",
        "http://169.254.169.254/latest/",
        "http://127.0.0.1:443/",
    ],
)
def test_every_spelling_of_an_inner_address_is_refused(url):
    with pytest.raises((AddressForbidden, UrlForbidden)):
        judge_url(url, PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://node.example/",
        "file:///etc/passwd",
        "gopher://node.example/",
        "javascript:alert(1)",
        "//node.example/",
        "node.example",
        "",
        " http://node.example/",
        "http://",
        "http:///path",
        "http://user@node.example/",
        "http://user:secret@node.example/",
        "http://node.example:secret@8.8.8.8/",
        "http://node.example\\@8.8.8.8/",
        "http://node.example\\.evil.example/",
        "http://node.example%00.evil.example/",
        "http://node.example%0d%0aX:1/",
        "http://node.example/\r\nX: 1",
        "http://no de.example/",
        "http://*/",
        "http://a..b/",
        "http://.b/",
        "http://-/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://node.example:22/",
        "http://node.example:6379/",
        "http://node.example:0/",
        "http://node.example:-1/",
        "http://node.example:65536/",
        "http://node.example:http/",
        "http://8.8.8.8:25/",
        "http://[::1/",
        "http://node.example/" + "a" * 70_000,
    ],
)
def test_a_url_that_is_not_plain_http_to_a_plain_host_is_refused(url):
    with pytest.raises(UrlForbidden):
        judge_url(url, PUBLIC)


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999999999"])
def test_a_port_that_does_not_exist_is_refused_also_where_any_port_is_allowed(port):
    with pytest.raises(UrlForbidden):
        judge_url(f"http://127.0.0.1:{port}/", HASTY)


@pytest.mark.parametrize(
    "url",
    [
        "http://node.example/",
        "HTTPS://Node.Example:443/eproc4?a=b#c",
        "https://spse.inaproc.id/surabaya",
        "http://node_1.example:8080/",
        "https://node.example./",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]:8443/",
        "https://xn--9ca.example/",
        "https://é.example/",
        "http://1node.example/",
        "http://0x.example/",
    ],
)
def test_an_ordinary_url_passes(url):
    judge_url(url, PUBLIC)


@given(st.text(max_size=30))
def test_whatever_stands_for_a_host_is_judged_and_never_an_accident(host):
    try:
        url = judge_url(f"http://{host}/", PUBLIC)
    except (UrlForbidden, AddressForbidden):
        return
    name = url.raw_host.decode("ascii").strip("[]")
    try:
        address = ip_address(name)
    except ValueError:
        # The C library must agree that it is a name: what it takes for an address was refused.
        with pytest.raises(OSError):
            socket.inet_aton(name)
    else:
        assert isinstance(address, IPv4Address | IPv6Address)
        assert special_purpose(address) is None


async def test_the_connection_goes_to_the_judged_address_and_is_not_looked_up_again():
    resolver = resolving(["127.0.0.1"], ["169.254.169.254"])
    async with stranger(says(reply(b"here"))) as host, GuardedClient(HASTY, resolver=resolver) as client:
        first = await client.get(host.url(host="node.example"))
        second = await client.get(host.url(host="node.example"))

    assert (first.text, second.text) == ("here", "here")
    assert resolver.asked == ["node.example"]
    assert host.asked[0].headers["host"] == f"node.example:{host.port}"


async def test_a_name_that_leads_elsewhere_the_second_time_is_judged_again():
    resolver = resolving(["127.0.0.1"], ["127.0.0.1", "169.254.169.254"])
    closing = says(reply(b"here", connection="close"), then_close=True)
    async with stranger(closing) as host, GuardedClient(HASTY, resolver=resolver) as client:
        await client.get(host.url(host="node.example"))
        with pytest.raises(AddressForbidden):
            await client.get(host.url(host="node.example"))

    assert len(host.asked) == 1
    assert client.requests == 1


async def test_a_host_with_a_forbidden_address_is_not_connected_to_by_its_good_one():
    resolver = resolving(["127.0.0.1", "10.0.0.1"])
    async with stranger(says(reply(b"here"))) as host, GuardedClient(HASTY, resolver=resolver) as client:
        with pytest.raises(AddressForbidden):
            await client.get(host.url(host="node.example"))

    assert host.connections == 0
    assert client.requests == 0


async def test_loopback_is_out_of_reach_unless_it_is_allowed():
    policy = replace(HASTY, allowed_networks=(), allowed_ports=frozenset(range(1, 65536)))
    async with stranger(says(reply(b"here"))) as host, GuardedClient(policy) as client:
        for name in ("127.0.0.1", "localhost", "[::1]"):
            with pytest.raises(AddressForbidden):
                await client.get(host.url(host=name))

    assert host.connections == 0


async def test_localhost_answers_where_loopback_is_allowed():
    async with stranger(says(reply(b"here"))) as host, GuardedClient(HASTY) as client:
        assert (await client.get(host.url(host="localhost"))).content == b"here"


async def test_the_next_address_is_tried_when_one_takes_no_connection():
    resolver = resolving(["::1", "127.0.0.1"])
    async with stranger(says(reply(b"here"))) as host, GuardedClient(HASTY, resolver=resolver) as client:
        assert (await client.get(host.url(host="node.example"))).content == b"here"


async def test_a_closed_port_is_a_failed_connection_that_names_the_reason():
    async with stranger(says(reply())) as host:
        pass
    async with GuardedClient(HASTY) as client:
        with pytest.raises(ConnectFailed, match="refused"):
            await client.get(host.url())

    assert client.requests == 0


async def test_a_name_without_address_is_unresolved():
    async def no_such_name(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for resolver in (no_such_name, resolving([])):
        async with GuardedClient(HASTY, resolver=resolver) as client:
            with pytest.raises(HostUnresolved) as caught:
                await client.get("http://node.example/")
            assert caught.value.code == "host-unresolved"


async def test_a_name_server_that_never_answers_is_not_waited_for():
    async def silent(host, port):
        await asyncio.sleep(300)

    async with GuardedClient(replace(HASTY, connect_seconds=0.1), resolver=silent) as client:
        with pytest.raises(ConnectFailed):
            await client.get("http://node.example/")


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with stranger(says(reply(b"direct"))) as host, GuardedClient(HASTY) as client:
        assert (await client.get(host.url())).content == b"direct"


def test_every_failure_has_a_code_of_its_own():
    failures = [
        failure for failure in OutboundFailure.__subclasses__() if failure.__module__.startswith("app.kit.http")
    ]
    codes = [failure.code for failure in failures]

    assert len(codes) == len(set(codes)) == 9
    assert OutboundFailure.code not in codes
