"""Where a request may go: nowhere unless whoever operates has listed it, and never to the inner network by a name.

A name is resolved here, and the connection is made to the very address that was looked at.
Not here: making it (requests.py)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from runtime.delivery.errors import HostUnknown, NotAllowed, NotAnAddress, PrivateAddress
from runtime.errors import Invalid

PORTS = {"https": 443, "http": 80}
LONGEST = 4000  # characters of an address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadDestination(Invalid):
    """“{entry}” in GUICHENG_HTTP_HOSTS is no host: write name, name:port, http://name:port, or a network such as
    10.1.0.0/16 whose addresses the listed names may have."""

    code = "delivery.bad_destination"


@dataclass(frozen=True)
class Place:
    """What an address names: `target` is its path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True)
class Destinations:
    """Scheme, host and port that may be asked, and the inner networks that they may lie in."""

    listed: frozenset[tuple[str, str, int]] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, text: str) -> Destinations:
        """Of a setting: entries separated by commas. Raises BadDestination."""
        listed, networks = set(), []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            network = _network(entry)
            if network is not None:
                networks.append(network)
                continue
            try:
                place = split(entry if "://" in entry else f"https://{entry}")
            except NotAnAddress:
                raise BadDestination(entry=entry) from None
            if place.target != "/":
                raise BadDestination(entry=entry)
            listed.add((place.scheme, place.host, place.port))
            # Whoever lists an address means it, wherever it lies.
            own = _network(place.host, single=True)
            networks += [own] if own is not None else []
        return cls(frozenset(listed), tuple(networks))

    def find(self, url: str) -> tuple[Place, str]:
        """Where to connect for `url`: the place and one address of it. Raises Undeliverable, HostUnknown."""
        place = split(url)
        if (place.scheme, place.host, place.port) not in self.listed:
            raise NotAllowed(destination=place.shown)
        found = resolve(place.host, place.port)
        for address in found:
            if self.open(address):
                return place, address
        raise PrivateAddress(host=place.host, address=found[0])

    def open(self, address: str) -> bool:
        """Whether an address is out in the world or in a network that was listed."""
        real = _real(ipaddress.ip_address(address))
        if any(real in network for network in self.networks if network.version == real.version):
            return True
        return real.is_global and not real.is_multicast


def split(url: str) -> Place:
    """Raises NotAnAddress."""
    try:
        if len(url) > LONGEST or any(ord(sign) <= 0x20 or ord(sign) == 0x7F for sign in url) or "\\" in url:
            raise ValueError
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
        if scheme not in PORTS or not host or parts.username is not None or parts.password is not None:
            raise ValueError
        if "%" in host:
            raise ValueError
        name = host if ":" in host else host.encode("idna").decode("ascii").lower()
        port = parts.port if parts.port is not None else PORTS[scheme]
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
        if parts.query:
            target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=-._~")
        return Place(scheme, name, port, target)
    except (ValueError, UnicodeError):
        raise NotAnAddress(url=url[:120]) from None


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the machine resolves names. Raises HostUnknown."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(host=host, reason=str(error)) from None
    addresses = dict.fromkeys(str(place[4][0]).partition("%")[0] for place in found)
    if not addresses:
        raise HostUnknown(host=host, reason="–")
    return list(addresses)


def _real(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 only wraps."""
    if isinstance(address, ipaddress.IPv6Address):
        inner: Iterable[Address | None] = (
            address.ipv4_mapped,
            address.sixtofour,
            address.teredo[1] if address.teredo else None,
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None,
        )
        return next((found for found in inner if found is not None), address)
    return address


def _network(text: str, *, single: bool = False) -> Network | None:
    try:
        if single:
            return ipaddress.ip_network(text)
        return ipaddress.ip_network(text) if "/" in text and "://" not in text else None
    except ValueError:
        return None
