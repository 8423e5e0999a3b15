"""What an outbound request may do, cost and insist on, and how politeness towards a host is asked for."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """The limits of one client. Times are seconds.

    `total_seconds` bounds one attempt with its redirects, `overall_seconds` one request with all its attempts and the
    pauses between them: whatever the other side does, a request ends within it. Waiting for the gate counts in neither.
    """

    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private and loopback networks that may be reached all the same, on any port."""
    allowed_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})

    total_seconds: float = 60
    overall_seconds: float = 115
    connect_seconds: float = 10
    """Finding the address, connecting, and the TLS handshake."""
    read_seconds: float = 20
    """The longest silence in the middle of an answer."""

    max_wire_bytes: int = 16 * MIB
    max_body_bytes: int = 64 * MIB
    """After decompression."""
    max_stream_wire_bytes: int = 256 * MIB
    max_stream_bytes: int = 1024 * MIB
    """The same two limits of an answer that is read as a stream, and never held."""
    stream_seconds: float = 110
    """The longest that one stream may keep its reader waiting, all pauses together."""
    max_redirects: int = 5
    follows_redirects: bool = True
    """False: a redirect is an answer like any other, without its body."""

    attempts: int = 4
    backoff_seconds: float = 0.5
    """The longest pause before the second attempt; it doubles with each further one."""
    max_backoff_seconds: float = 60
    retry_after_limit_seconds: float = 120
    """A Retry-After beyond this (or beyond what is left of `overall_seconds`) ends the request with the answer."""

    user_agent: str = "Mozilla/5.0 (compatible; Rakor/0.1)"
    """SPSE answers 403 to agents that do not look like a browser; the name in it stays honest."""


class Gate(Protocol):
    """Politeness towards one host, shared by everybody who asks it something."""

    def slot(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait until one more request may go to `host`, and hold the place while it runs."""
        ...

    async def report(self, host: str, status: int | None, retry_after: float | None) -> None:
        """Tell how a request ended: its status (None: no whole answer came), and how many seconds the host asks for."""
        ...
