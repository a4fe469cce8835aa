"""Which addresses and ports the fetching tools may reach; `ipaddress` alone lets several private ones through."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import ConfigurationError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Beside what `is_global` refuses: protocol assignments, the 6to4 relay, multicast, reserved.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Only 2000::/3 is given out; of it, these are tunnels (Teredo, 6to4), documentation and special purposes.
_GIVEN_OUT_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# The Fetch standard's blocked ports, and those of databases, queues and container engines.
REFUSED_PORTS = frozenset(
    {
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
        104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512,
        513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433,
        1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432,
        5672, 5900, 6000, 6379, 6380, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 9200,
        9300, 10250, 10255, 11211, 26379, 27017, 27018,
    }
)  # fmt: skip


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public internet, judged by every address that it embeds as well."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64:
        return is_public(low)
    isatap = (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE
    if isatap and not is_public(low):
        return False
    inside = address in _GIVEN_OUT_V6 and not any(address in network for network in _REFUSED_V6)
    return inside and address.is_global and not address.is_multicast


def literal(host: str) -> IPAddress | None:
    """The address that a host spells out, in any form that a C library takes (127.1, 0x7f000001, １２７.0.0.1)."""
    text = unicodedata.normalize("NFKC", host).strip("[]").rstrip(".").replace("\u3002", ".")
    try:
        return ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return _loose_v4(text)


def _loose_v4(text: str) -> ipaddress.IPv4Address | None:
    """`inet_aton`: one to four numbers, decimal, octal or hexadecimal, the last one filling the rest."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(
        re.fullmatch(r"0[xX][0-9a-fA-F]{0,16}|[0-9]{1,20}", part) for part in parts
    ):
        return None
    numbers = [_number(part) for part in parts]
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(parts)):
        return None
    value = last
    for position, number in enumerate(first):
        value += number << (8 * (3 - position))
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    octal = part.startswith("0") and len(part) > 1 and part.isdigit() and not re.search(r"[89]", part)
    return int(part, 8) if octal else int(part)


@dataclass(frozen=True)
class Allowed:
    """The private hosts and networks that the operator opened: names, `name:port`, networks."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def host(self, name: str, port: int) -> bool:
        low = name.lower().rstrip(".")
        return (low, None) in self.hosts or (low, port) in self.hosts

    def port(self, name: str, port: int) -> bool:
        """Whether this very port was opened: a plain host opens only ports that web pages are served from."""
        return (name.lower().rstrip("."), port) in self.hosts

    def address(self, address: IPAddress) -> bool:
        plain = (
            address.ipv4_mapped
            if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped
            else address
        )
        return any(plain.version == network.version and plain in network for network in self.networks)


def to_allowed(entries: Iterable[str]) -> Allowed:
    """The allow-list of `FLOWMATE_FETCH_ALLOW`. Raises ConfigurationError naming the entry that is none."""
    hosts: set[tuple[str, int | None]] = set()
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for entry in entries:
        text = entry.strip().lower()
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
            continue
        except ValueError:
            pass
        match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?", text)
        if match is None:
            raise ConfigurationError(
                f"FLOWMATE_FETCH_ALLOW: {entry!r} is no host, host:port or network such as 10.1.0.0/16."
            )
        hosts.add((match.group(1).strip("[]"), int(match.group(2)) if match.group(2) else None))
    return Allowed(frozenset(hosts), tuple(networks))
