"""A running identity provider."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from fastmcp.server.auth.providers.jwt import RSAKeyPair

from .identity_provider import IdentityProvider, running


@pytest.fixture(scope="session")
def keys() -> RSAKeyPair:
    """The keys that it signs with."""
    return RSAKeyPair.generate()


@pytest.fixture(scope="session")
def socket() -> Generator[tuple[str, list[IdentityProvider]]]:
    """Where it listens, for all tests."""
    with running() as listening:
        yield listening


@pytest.fixture
def idp(socket: tuple[str, list[IdentityProvider]], keys: RSAKeyPair) -> IdentityProvider:
    """One that knows no token yet, and was asked nothing."""
    base, present = socket
    present[:] = [IdentityProvider(base, keys)]
    return present[0]
