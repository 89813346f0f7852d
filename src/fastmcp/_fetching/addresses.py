"""Which addresses are of the public internet, and of hosts that anybody may be sent to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# The IANA registries of special-purpose addresses, and what clouds add to them.
_NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers, and the metadata of a cloud
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the metadata of a cloud
            "169.254.0.0/16",  # link-local, and the metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments, and the metadata of a cloud
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, and Teredo
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
# An IPv4 address is at the end of these; DNS64 gives the second in networks without IPv4.
_TRANSLATED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_public(address: str) -> bool:
    """Whether this is an address of one host of the public internet.

    Addresses that lead into tunnels to others are not, whatever the others are.
    """
    parsed = _parsed(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC)
    if parsed is None:
        return False
    if any(parsed in network for network in _TRANSLATED):
        return is_public(str(IPv4Address(parsed.packed[12:])))
    return (
        parsed in _UNICAST_6
        and not any(parsed in network for network in _NOT_PUBLIC_6)
        and parsed.packed[8:12] not in _ISATAP
    )


def is_loopback(address: str) -> bool:
    """Whether this is an address of this very host."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """An address in its usual spelling, without the name of an interface."""
    try:
        return None if "%" in address else ip_address(address)
    except ValueError:
        return None
