"""Connections that go to judged addresses only."""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path

from app.kit.http.addresses import judge_addresses, parse_address
from app.kit.http.failures import ConnectFailed, HostUnresolved, TlsFailed, shortened
from app.kit.http.library import httpx
from app.kit.http.policy import OutboundPolicy
from app.kit.http.stream import GuardedStream, Incoming

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives all addresses of a name. Raises OSError when there are none."""

_TRIED_ADDRESSES = 4


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, as every other program does."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


@cache
def shared_ssl_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """One context for the whole process: building one takes some 30 ms of CPU. It always verifies.

    `ca_file` (PEM) is trusted beside the public roots, for a host whose issuer, or intermediate, is not among them.
    """
    context = httpx.create_ssl_context(verify=True, trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


async def connect(
    host: str, port: int, policy: OutboundPolicy, resolver: Resolver, tls: ssl.SSLContext | None
) -> GuardedStream:
    """Look a name up once, judge all that was found, and connect to just that; with `tls`, the name must be proved."""
    where = f"“{host}” on port {port}"
    try:
        async with asyncio.timeout(policy.connect_seconds) as deadline:
            addresses = judge_addresses(host, await _addresses(host, port, resolver), port, policy)
            incoming, transport = await _first_to_connect(addresses[:_TRIED_ADDRESSES], host, port, tls, deadline)
    except TimeoutError as error:
        raise ConnectFailed(f"{where} took no connection within {policy.connect_seconds:g} s.") from error
    except ssl.SSLError as error:
        raise TlsFailed(f"{where} cannot be trusted: {shortened(error)}.") from error
    except OSError as error:
        raise ConnectFailed(f"{where} took no connection: {_in_words(error)}.") from error
    return GuardedStream(incoming, transport, host, policy.max_wire_bytes)


async def _addresses(host: str, port: int, resolver: Resolver) -> Sequence[str]:
    try:
        return [str(parse_address(host))]
    except ValueError:
        pass
    try:
        addresses = await resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise HostUnresolved(f"The name “{host}” cannot be resolved: {_in_words(error)}.") from error
    if not addresses:
        raise HostUnresolved(f"The name “{host}” has no address.")
    return addresses


async def _first_to_connect(
    addresses: list[str], host: str, port: int, tls: ssl.SSLContext | None, deadline: asyncio.Timeout
) -> tuple[Incoming, asyncio.Transport]:
    """Try one address after the other; none may use up the time of those behind it. Raises what the last one said."""
    loop = asyncio.get_running_loop()
    ends_at = deadline.when() or loop.time()
    for behind in range(len(addresses), 0, -1):
        try:
            async with asyncio.timeout((ends_at - loop.time()) / behind):
                transport, incoming = await loop.create_connection(
                    Incoming, addresses[-behind], port, ssl=tls, server_hostname=host if tls else None
                )
        except ssl.SSLError:
            raise
        except OSError:
            if behind == 1:
                raise
        else:
            return incoming, transport
    raise AssertionError("there is always an address")


def _in_words(error: Exception) -> str:
    """What the operating system means, without the address that asyncio puts before it."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return os.strerror(error.errno)
    return shortened(error) or "the connection was broken off"
