"""How a request that leaves the house can fail: one class for each thing that a caller may want to tell apart."""

from typing import ClassVar

_SHOWN = 200


def shortened(text: object) -> str:
    """What a stranger wrote, cut so that it fits into a message."""
    shown = str(text)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


class OutboundFailure(Exception):
    """No answer was had. `code` is stable and may be stored; the message is for a person."""

    code: ClassVar[str] = "outbound-failure"


class UrlForbidden(OutboundFailure):
    """The URL itself is refused: its scheme, its port, credentials in it, or a host in no ordinary spelling."""

    code = "url-forbidden"


class AddressForbidden(OutboundFailure):
    """The host leads, with at least one of its addresses, to a place that is not the public internet."""

    code = "address-forbidden"


class HostUnresolved(OutboundFailure):
    """The name has no address, or nobody could be asked for it."""

    code = "host-unresolved"


class ConnectFailed(OutboundFailure):
    """Nobody took the connection in time."""

    code = "connect-failed"


class TlsFailed(OutboundFailure):
    """The other side could not prove who it is, or speaks no TLS that we accept."""

    code = "tls-failed"


class DeadlineExceeded(OutboundFailure):
    """The answer was not complete in time, or fell silent for too long."""

    code = "deadline-exceeded"


class AnswerTooLarge(OutboundFailure):
    """The answer is larger than is allowed: on the wire, inflated, or in its headers."""

    code = "answer-too-large"


class AnswerBroken(OutboundFailure):
    """What came is not one whole, well-formed answer: cut off, over-long, wrongly encoded, or not HTTP."""

    code = "answer-broken"


class TooManyRedirects(OutboundFailure):
    """The answer led on and on."""

    code = "too-many-redirects"
