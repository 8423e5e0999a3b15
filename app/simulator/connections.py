"""Open connections by the visitor's address, so that a node that is down can close one without a word."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OPEN: dict[tuple[str, int], asyncio.Transport] = {}


class RememberedConnection(HttpToolsProtocol):
    """The server's own protocol, which also remembers its connection while it lives."""

    _address: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself has it
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self._address = (peer[0], peer[1])
            _OPEN[self._address] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            _OPEN.pop(self._address, None)
        super().connection_lost(exc)


def hang_up(address: tuple[str, int]) -> None:
    """Reset the connection of a visitor; nothing happens to one that came by other ways."""
    transport = _OPEN.get(address)
    if transport is not None:
        transport.abort()
