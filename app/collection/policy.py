"""The knobs of collection, filled in by the doors from settings."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache

from app.collection.rhythm import Rhythm
from app.core.absence import SHRINK_TOLERANCE
from app.core.dates import TimeZone
from app.kit.http import OutboundPolicy


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a host may be asked, on a clock of its own; `opens` after `closes` means over midnight, both alike always."""

    opens: time
    closes: time
    zone: TimeZone = TimeZone.WIB

    def opens_in(self, now: datetime) -> timedelta:
        """How long until the host may be asked; zero when it may be now."""
        local = now.astimezone(self.zone.info)
        clock = local.time()
        if self.opens < self.closes:
            is_open = self.opens <= clock < self.closes
        else:
            is_open = clock >= self.opens or clock < self.closes
        if is_open:
            return timedelta()
        opening = datetime.combine(local.date(), self.opens, tzinfo=local.tzinfo)
        return (opening if opening > local else opening + timedelta(days=1)) - local


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """How gently one host is asked by all workers together: requests per second, requests at once, and at what hours."""

    requests_per_second: float
    concurrency: int
    hours: WorkingHours | None = None

    def opens_in(self, now: datetime) -> timedelta:
        return self.hours.opens_in(now) if self.hours else timedelta()


@dataclass(frozen=True, slots=True)
class CollectionPolicy:
    """How nodes are asked, how much of a run is stored at once, and when what was found is believed."""

    outbound: OutboundPolicy
    public_hosts: HostPolicy = HostPolicy(requests_per_second=2.0, concurrency=2)
    local_hosts: HostPolicy = HostPolicy(requests_per_second=500.0, concurrency=64)
    special_hosts: Mapping[str, HostPolicy] = field(default_factory=dict)
    packages_at_once: int = 3
    packages_per_commit: int = 5
    listed_per_commit: int = 200
    recheck_after: timedelta | None = timedelta(days=7)
    shrink_tolerance: float = SHRINK_TOLERANCE
    withdraw_after_runs: int = 3
    drift_tolerance: float = 0.05
    unreadable_tolerance: float = 0.20
    rhythm: Rhythm = field(default_factory=Rhythm)
    turn_seconds: float = 60.0
    """After so long a run makes room for others that wait, and goes on where it was when its turn comes again."""

    def for_host(self, authority: str) -> HostPolicy:
        """The policy of a host, given with its port where that is no usual one.

        Hosts inside explicitly allowed networks are the operator's own; all others are strangers to be gentle with.
        """
        host = _without_port(authority)
        if (special := self.special_hosts.get(authority) or self.special_hosts.get(host)) is not None:
            return special
        address = _address(host)
        if address is None:
            return self.local_hosts if host == "localhost" and self.outbound.allowed_networks else self.public_hosts
        is_local = any(
            address.version == network.version and address in network for network in self.outbound.allowed_networks
        )
        return self.local_hosts if is_local else self.public_hosts


@lru_cache(maxsize=4096)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Asked for with every request."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _without_port(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    host, separator, port = authority.rpartition(":")
    return host if separator and port.isdigit() and ":" not in host else authority
