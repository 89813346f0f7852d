"""Which addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmcp.server.auth.ssrf import is_ip_allowed

WORDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "223.255.255.255"),
        *("2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888"),
        *("64:ff9b::808:808", "::ffff:8.8.8.8"),
    ],
)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    """In networks without IPv4 the last but one stands for one there."""
    assert is_ip_allowed(address)


@pytest.mark.parametrize(
    "text",
    ["", " ", "localhost", "1.2.3", "01.1.1.1", "0x1.1.1.1", "1.1.1.1 ", "::1%eth0", "8.8.8.8/8"],
)
def test_what_is_no_address_is_not_public(text: str) -> None:
    """Nor what some would take for one."""
    assert not is_ip_allowed(text)


@given(WORDS)
def test_what_is_public_is_global(number: int) -> None:
    """By Python's own table, which is the more generous one."""
    address = IPv4Address(number)
    if is_ip_allowed(str(address)):
        assert address.is_global
        assert not address.is_multicast
    else:
        assert not address.is_global or not is_ip_allowed(str(address))


@given(st.integers(0, 2**128 - 1))
def test_what_is_public_in_ipv6_is_global(number: int) -> None:
    """The same."""
    address = IPv6Address(number)
    if is_ip_allowed(str(address)):
        assert address.is_global
        assert not address.is_multicast


@given(st.sampled_from(["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1"]), WORDS, WORDS)
def test_no_tunnel_leads_to_a_private_address(inner: str, first: int, second: int) -> None:
    """In none of the ways in which one IPv6 address has one of IPv4 in it."""
    word = int(ip_address(inner))
    hidden = [
        word,
        0xFFFF << 32 | word,
        0xFFFF << 48 | word,
        0x0064FF9B << 96 | word,
        0x2002 << 112 | word << 80 | first,
        0x20010000 << 96 | word << 64 | first,
        0x20010000 << 96 | first << 64 | second,
        0x2A001450 << 96 | 0x5EFE << 32 | word,
        0x2A001450 << 96 | 0x02005EFE << 32 | word,
    ]
    for number in hidden:
        assert not is_ip_allowed(str(IPv6Address(number)))
