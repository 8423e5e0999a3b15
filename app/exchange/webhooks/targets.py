"""Where messages may go: only the public internet by https, and networks that the operator named."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network

from app.exchange.webhooks.errors import WebhookUrlForbidden
from app.kit.http import (
    AddressForbidden,
    OutboundPolicy,
    Resolver,
    UrlForbidden,
    judge_addresses,
    judge_url,
    resolve_by_system,
)

LONGEST_SECONDS = 15.0
LARGEST_ANSWER_BYTES = 64 * 1024
LOOKING_SECONDS = 5.0
_PORTS = frozenset({443, 8443})

JudgeTarget = Callable[[str], Awaitable[None]]


def outbound_policy(allowed_networks: Sequence[IPv4Network | IPv6Network]) -> OutboundPolicy:
    """One attempt and no redirect: whoever moved says so by a new URL, and the queue knows when to try again."""
    return OutboundPolicy(
        allowed_networks=tuple(allowed_networks),
        allowed_ports=_PORTS,
        total_seconds=LONGEST_SECONDS,
        overall_seconds=LONGEST_SECONDS,
        connect_seconds=10,
        read_seconds=LONGEST_SECONDS,
        max_wire_bytes=LARGEST_ANSWER_BYTES,
        max_body_bytes=LARGEST_ANSWER_BYTES,
        follows_redirects=False,
        attempts=1,
        user_agent="Rakor-Webhooks/0.1",
    )


def policy_for(url: str, policy: OutboundPolicy) -> OutboundPolicy:
    """Without TLS no port of the public internet is left, only the networks that were allowed by name."""
    return policy if url.lower().startswith("https://") else replace(policy, allowed_ports=frozenset())


async def judge_target(url: str, policy: OutboundPolicy, *, resolver: Resolver = resolve_by_system) -> None:
    """Refuse a URL that may not be asked. Raises WebhookUrlForbidden.

    A name that leads nowhere yet passes: every delivery looks it up and judges it anew.
    """
    rules = policy_for(url, policy)
    try:
        parsed = judge_url(url, rules)
        host = parsed.raw_host.decode("ascii")
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        try:
            async with asyncio.timeout(LOOKING_SECONDS):
                addresses = await resolver(host, port)
        except (OSError, UnicodeError, TimeoutError):
            return
        judge_addresses(host, addresses, port, rules)
    except (UrlForbidden, AddressForbidden) as error:
        raise WebhookUrlForbidden from error
