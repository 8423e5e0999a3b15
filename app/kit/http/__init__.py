"""Asking strangers over HTTP without being led astray, held up, or flooded."""

from app.kit.http.addresses import judge_addresses, judge_url, parse_networks, special_purpose
from app.kit.http.answer import Answer
from app.kit.http.client import GuardedClient
from app.kit.http.failures import (
    AddressForbidden,
    AnswerBroken,
    AnswerTooLarge,
    ConnectFailed,
    DeadlineExceeded,
    HostUnresolved,
    OutboundFailure,
    TlsFailed,
    TooManyRedirects,
    UrlForbidden,
)
from app.kit.http.network import Resolver, resolve_by_system
from app.kit.http.policy import Gate, OutboundPolicy
from app.kit.http.streaming import StreamedAnswer

__all__ = [
    "AddressForbidden",
    "Answer",
    "AnswerBroken",
    "AnswerTooLarge",
    "ConnectFailed",
    "DeadlineExceeded",
    "Gate",
    "GuardedClient",
    "HostUnresolved",
    "OutboundFailure",
    "OutboundPolicy",
    "Resolver",
    "StreamedAnswer",
    "TlsFailed",
    "TooManyRedirects",
    "UrlForbidden",
    "judge_addresses",
    "judge_url",
    "parse_networks",
    "resolve_by_system",
    "special_purpose",
]
