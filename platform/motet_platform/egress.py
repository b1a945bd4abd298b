"""Calls to addresses that a tenant named, so that none of them leads into this network.

The host is resolved here, refused where any of its addresses is inside, and called at just an
address that was checked: a name that answers differently a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class EgressRefused(Exception):
    """An address that is never called; the message is for whoever named it."""


class Unresolved(Exception):
    """The host's name has no address, at the moment at least."""


@dataclass(frozen=True)
class Destination:
    """A URL and the addresses of its host, all of them checked."""

    parts: SplitResult
    addresses: tuple[str, ...]

    @property
    def host(self) -> str:
        """Also the name that a certificate must be for."""
        return self.parts.hostname or ""

    @property
    def netloc(self) -> str:
        """What the header `host` has to say."""
        return self.parts.netloc

    def at(self, address: str) -> str:
        """The URL with one of `addresses` in place of the host's name."""
        shown = f"[{address}]" if ":" in address else address
        return self.parts._replace(netloc=f"{shown}:{_port(self.parts)}").geturl()


def parse(url: str, *, private: bool) -> SplitResult:
    """EgressRefused for what cannot be called by its form alone; nothing is resolved yet.

    `private` lets an address lead into this network, and by http too.
    """
    allowed = ("https", "http") if private else ("https",)
    try:
        parts = urlsplit(url)
        known = parts.scheme in allowed and bool(parts.hostname) and _port(parts) > 0
    except ValueError:  # a port that is no number, brackets that do not close
        known = False
    if not known:
        raise EgressRefused("Give an https:// address.")
    if parts.username or parts.password or parts.fragment:
        raise EgressRefused("Give an address without user, password and fragment.")
    return parts


def resolve(parts: SplitResult, *, private: bool) -> Destination:
    """Asks for the host's addresses; this may take a while. EgressRefused; Unresolved."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unresolved(f"{host} cannot be resolved") from None
    addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not private and not all(_is_public(address) for address in addresses):
        raise EgressRefused(f"{host} is not a public address.")
    return Destination(parts, addresses)


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # An address of the older kind in the newer one's clothes is judged as what it leads to.
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


def _port(parts: SplitResult) -> int:
    if parts.port is not None:
        return parts.port
    return 443 if parts.scheme == "https" else 80
