"""Which URLs and addresses a request may go to: only the public internet, and networks that were allowed by name."""

import re
from collections.abc import Collection
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from app.kit.http.failures import AddressForbidden, UrlForbidden, shortened
from app.kit.http.library import httpx
from app.kit.http.policy import OutboundPolicy

_SCHEMES = frozenset({"http", "https"})

# Every block of the IANA IPv4 special-purpose registry, globally reachable or not (no node lives in any of them),
# multicast and the reserved rest, and one public-looking address that a cloud answers inside its machines.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = tuple(
    (IPv4Network(block), meaning)
    for block, meaning in (
        ("0.0.0.0/8", "“this” network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a provider's inner network"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's own services"),
        ("169.254.0.0/16", "the local link, where clouds keep credentials"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "multicast tunnels"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "a private network"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
    )
)

# IPv6 is judged the other way round: only global unicast passes, and of that nothing special.
# https://www.iana.org/assignments/iana-ipv6-special-registry
_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    (IPv6Network(block), meaning)
    for block, meaning in (
        ("2001::/23", "protocol assignments, Teredo among them"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4, which hides an IPv4 address"),
        ("2620:4f:8000::/48", "AS112"),
        ("3ffe::/16", "a network that was given back"),
        ("3fff::/20", "documentation"),
        ("::1/128", "this machine"),
        ("::/128", "no address"),
        ("64:ff9b::/96", "NAT64, which hides an IPv4 address"),
        ("64:ff9b:1::/48", "NAT64, which hides an IPv4 address"),
        ("100::/64", "addresses that swallow everything"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "the local link"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "multicast"),
    )
)

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
# By the URL standard a host whose last label is a number is an IPv4 address, however it is written ("127.1", "0x7f.1").
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_MAX_NAME = 254


@lru_cache(maxsize=4096)
def parse_address(text: str) -> IPv4Address | IPv6Address:
    """An address as its packets will carry it: a mapped one (::ffff:…) is the IPv4 address inside. Raises ValueError."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise ValueError(f"an address with a zone: {text}")
        return address.ipv4_mapped or address
    return address


def special_purpose(address: IPv4Address | IPv6Address) -> str | None:
    """What the address is kept for, if it is not an ordinary one of the public internet."""
    if isinstance(address, IPv4Address):
        return next((meaning for block, meaning in _SPECIAL_V4 if address in block), None)
    if address.ipv4_mapped is not None:
        return special_purpose(address.ipv4_mapped)
    meaning = next((meaning for block, meaning in _SPECIAL_V6 if address in block), None)
    return meaning or (None if address in _GLOBAL_V6 else "no part of the public internet")


def is_allowed(address: IPv4Address | IPv6Address, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    """Whether the operator named a network that holds this address."""
    return any(address in network for network in networks)


def judge_addresses(host: str, addresses: Collection[str], port: int, policy: OutboundPolicy) -> list[str]:
    """Pass all addresses of a host or none: one bad address among good ones is how rebinding begins.

    Returns them as they are to be connected to. Raises AddressForbidden, or UrlForbidden because of the port.
    """
    judged: list[str] = []
    public = False
    for text in addresses:
        try:
            address = parse_address(text)
        except ValueError as error:
            raise AddressForbidden(f"“{host}” leads to “{shortened(text)}”, which is no plain address.") from error
        if not is_allowed(address, policy.allowed_networks):
            meaning = special_purpose(address)
            if meaning is not None:
                raise AddressForbidden(f"“{host}” leads to {address}, which is not a public address: {meaning}.")
            public = True
        judged.append(str(address))
    if public and port not in policy.allowed_ports:
        raise UrlForbidden(f"Port {port} of “{host}” is not among those that may be asked.")
    return judged


def judge_url(url: str | httpx.URL, policy: OutboundPolicy) -> httpx.URL:
    """Pass a URL as far as it can be judged without looking its name up; the connection judges the addresses.

    Raises UrlForbidden; AddressForbidden when the host is an address already.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlForbidden(f"“{shortened(url)}” is no URL: {shortened(error)}.") from error
    if parsed.scheme not in _SCHEMES:
        raise UrlForbidden(f"“{shortened(url)}” is neither http nor https.")
    if parsed.userinfo:
        raise UrlForbidden(f"The URL of “{shortened(parsed.host)}” carries credentials.")

    host = parsed.raw_host.decode("ascii")
    port = port_of(parsed)
    if not 0 < port < 2**16:
        raise UrlForbidden(f"“{shortened(url)}” names a port that does not exist.")
    if _is_literal(host):
        judge_addresses(host, [host], port, policy)
    elif port not in policy.allowed_ports and not policy.allowed_networks:
        raise UrlForbidden(f"Port {port} of “{host}” is not among those that may be asked.")
    return parsed


def port_of(url: httpx.URL) -> int:
    """The port that will be asked, named or not."""
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80


@lru_cache(maxsize=4096)
def _is_literal(host: str) -> bool:
    """Tell an address from a name; refuse what one reader takes for a name and the next for an address."""
    if ":" in host:
        if "%" in host:
            raise UrlForbidden(f"“{shortened(host)}” names a zone of this machine.")
        return True
    if len(host) > _MAX_NAME or _NAME.fullmatch(host) is None:
        raise UrlForbidden(f"“{shortened(host)}” is not spelled as a host is.")
    if _NUMERIC_END.fullmatch(host) is None:
        return False
    try:
        return isinstance(ip_address(host), IPv4Address)
    except ValueError as error:
        raise UrlForbidden(f"“{host}” is an address in no ordinary spelling.") from error


def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read a comma-separated list such as "127.0.0.0/8, ::1/128". Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
