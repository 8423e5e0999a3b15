"""A host proves who it is, or is not asked."""

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.kit.http import ConnectFailed, GuardedClient, OutboundFailure, TlsFailed, UrlForbidden
from app.kit.http.network import shared_ssl_context
from tests.kit.strangers import HASTY, STUBBORN, ask, listening, redirect, reply, resolving, says, stranger

# Made for these tests alone and valid for a century: an authority that nobody knows, and its word for "node.example".
# The key protects nothing.
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBrDCCAVGgAwIBAgIUJXnPjYlfpdanBk2FeQ441Zt3qwkwCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXSW52ZW50ZWQgVGVzdCBBdXRob3JpdHkwIBcNMjYxMTIyMTUw
MTQ3WhgPMjEyNjEwMjkxNTAxNDdaMCIxIDAeBgNVBAMMF0ludmVudGVkIFRlc3Qg
QXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzgrRZXujBD5I7/Zn
oJz98suV+cNiPFOCR54osd7fZjtEycjadwdr6CDkB5wu2HL/Hotnewd6w+lF+nnt
c9efm6NjMGEwHQYDVR0OBBYEFCorkeM76dnaO2up8hZzJ3h+XywIMB8GA1UdIwQY
MBaAFCorkeM76dnaO2up8hZzJ3h+XywIMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P
AQH/BAQDAgEGMAoGCCqGSM49BAMCA0kAMEYCIQDxm9u/fN6oUbdpJsfcur8WSEkQ
RXiEJ3fE7w1lBo/FTgIhAKGF4MH49Hjl17ai4sUgQ4A5+oxvdSiI1ckF+52x85+B
-----END CERTIFICATE-----
"""
NODE = """\
-----BEGIN CERTIFICATE-----
MIIBuzCCAWGgAwIBAgIUNjEvwsErSE3gzz87KocUgU1IipowCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXSW52ZW50ZWQgVGVzdCBBdXRob3JpdHkwIBcNMjYxMTIyMTUw
MTQ3WhgPMjEyNjEwMjkxNTAxNDdaMBcxFTATBgNVBAMMDG5vZGUuZXhhbXBsZTBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABOzy8SgcrtJQogK/zlMQy9emZywPB1DR
hpGPq5cribM8005iLVQuITpZDIXmrIBAQ38JXUvqrlg0MZWV5zNSCyWjfjB8MBcG
A1UdEQQQMA6CDG5vZGUuZXhhbXBsZTAMBgNVHRMBAf8EAjAAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMB8GA1UdIwQYMBaAFCorkeM76dnaO2up8hZzJ3h+XywIMB0GA1Ud
DgQWBBTMgUze9Qx/GgG73xSdzqOHtdD5TzAKBggqhkjOPQQDAgNIADBFAiEAzvqo
s7q5mYzimW7R8n/Wn/REhsBMgfuydF7N2MPcmeUCIGkwglWGgFVdsSvuXzD3ogfd
lEF3spLm/heTRLHaN5rz
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmhj1g/2jGBMmH5Ii
V3U0ZUjUxfnnNuY5mggLf6p8iuehRANCAATs8vEoHK7SUKICv85TEMvXpmcsDwdQ
0YaRj6uXK4mzPNNOYi1ULiE6WQyF5qyAQEN/CV1L6q5YNDGVleczUgsl
-----END PRIVATE KEY-----
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    file.write_text(AUTHORITY)
    return file


@pytest.fixture(scope="module")
def node_tls(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "node.pem"
    file.write_text(NODE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda _, name, __: names.append(name)
    names = context.names = []
    return context


def at_home():
    return resolving(["127.0.0.1"])


async def test_a_known_authority_is_trusted_and_the_host_is_asked_for_by_name(authority, node_tls):
    node_tls.names.clear()
    async with (
        stranger(says(reply(b"secret")), tls=node_tls) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        for _ in range(2):
            answer = await client.get(host.url(scheme="https", host="node.example"))
            assert answer.content == b"secret"

    assert node_tls.names == ["node.example"]
    assert host.asked[0].headers["host"] == f"node.example:{host.port}"


async def test_an_answer_says_when_the_hosts_certificate_ends(authority, node_tls):
    async with (
        stranger(says(reply(b"secret")), tls=node_tls) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        for _ in range(2):  # The second answer comes over the kept connection, whose handshake is long over.
            answer = await client.get(host.url(scheme="https", host="node.example"))
            assert answer.certificate_expires_at == datetime(2126, 10, 29, 15, 1, 47, tzinfo=UTC)
    assert host.connections == 1


async def test_an_answer_after_a_redirect_has_the_certificate_of_the_host_that_gave_it(authority, node_tls):
    async with (
        stranger(says(reply(b"secret")), tls=node_tls) as secured,
        stranger(says(redirect(secured.url(scheme="https", host="node.example")))) as plain,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        answer = await client.get(plain.url(host="node.example"))

    assert answer.redirects == (plain.url(host="node.example"),)
    assert answer.certificate_expires_at == datetime(2126, 10, 29, 15, 1, 47, tzinfo=UTC)


async def test_an_answer_without_tls_has_no_certificate():
    assert (await ask(says(reply(b"public")))).certificate_expires_at is None


async def test_an_unknown_authority_is_refused_at_once(node_tls):
    async with stranger(says(reply()), tls=node_tls) as host, GuardedClient(STUBBORN, resolver=at_home()) as client:
        with pytest.raises(TlsFailed, match="certificate verify failed"):
            await client.get(host.url(scheme="https", host="node.example"))

    assert host.asked == []
    assert client.requests == 0


async def test_a_certificate_for_another_name_is_refused(authority, node_tls):
    async with (
        stranger(says(reply()), tls=node_tls) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        with pytest.raises(TlsFailed, match="other\\.example"):
            await client.get(host.url(scheme="https", host="other.example"))


async def test_a_host_that_speaks_no_tls_is_refused():
    async def plain(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await reader.read(1)

    async with listening(plain) as port, GuardedClient(HASTY) as client:
        with pytest.raises(TlsFailed):
            await client.get(f"https://127.0.0.1:{port}/")


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_a_handshake_that_leads_nowhere_is_a_failed_connection(hangs_up):
    async def behave(reader, writer):
        await reader.read(1)
        if not hangs_up:
            await asyncio.sleep(300)

    async with listening(behave) as port, GuardedClient(replace(HASTY, connect_seconds=0.2)) as client:
        with pytest.raises(ConnectFailed):
            await client.get(f"https://127.0.0.1:{port}/")


async def test_an_address_that_stays_silent_leaves_time_for_the_next(authority, node_tls):
    """One listener stands for two hosts: its first caller hears nothing, the others are passed on."""
    async with stranger(says(reply(b"secret")), tls=node_tls) as host:
        callers = 0

        async def behave(reader, writer):
            nonlocal callers
            callers += 1
            if callers == 1:
                await asyncio.sleep(300)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", host.port)
            try:
                await asyncio.gather(passes_on(reader, far_writer), passes_on(far_reader, writer))
            finally:
                far_writer.transport.abort()

        async def passes_on(reader, writer):
            while data := await reader.read(65536):
                writer.write(data)
            writer.close()

        policy = replace(HASTY, connect_seconds=4)
        twice = resolving(["127.0.0.1", "::ffff:127.0.0.1"])
        async with listening(behave) as port, GuardedClient(policy, resolver=twice, ca_file=authority) as client:
            answer = await client.get(f"https://node.example:{port}/")

    assert answer.content == b"secret"
    assert callers == 2


async def test_a_redirect_from_https_down_to_http_is_refused(authority, node_tls):
    async with (
        stranger(says(reply(b"plain"))) as plain,
        stranger(says(reply(status=302, location=plain.url())), tls=node_tls) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        with pytest.raises(UrlForbidden, match="down to http"):
            await client.get(host.url(scheme="https", host="node.example"))

    assert plain.asked == []


async def test_a_redirect_from_http_up_to_https_is_followed(authority, node_tls):
    async with (
        stranger(says(reply(b"secret")), tls=node_tls) as secure,
        stranger(says(reply(status=301, location=secure.url(scheme="https", host="node.example")))) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        answer = await client.get(host.url())

    assert answer.content == b"secret"
    assert answer.redirects == (host.url(),)


async def test_a_body_cut_inside_tls_is_broken(authority, node_tls):
    async with (
        stranger(says(reply(b"half", content_length=9), then_close=True), tls=node_tls) as host,
        GuardedClient(HASTY, resolver=at_home(), ca_file=authority) as client,
    ):
        with pytest.raises(OutboundFailure) as caught:
            await client.get(host.url(scheme="https", host="node.example"))

    assert caught.value.code == "answer-broken"


def test_one_context_serves_the_whole_process_and_always_verifies(authority):
    assert shared_ssl_context() is shared_ssl_context()
    assert shared_ssl_context(authority) is not shared_ssl_context()
    for context in (shared_ssl_context(), shared_ssl_context(authority)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
