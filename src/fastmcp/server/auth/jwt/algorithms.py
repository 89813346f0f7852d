"""Which algorithms sign tokens, and by which kind of key (RFC 7518, RFC 8037, RFC 9864)."""

from __future__ import annotations

from typing import Any

from fastmcp.exceptions import ConfigurationError

DEFAULT = "RS256"
_KINDS = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
SYMMETRIC = ("HS256", "HS384", "HS512")
CURVES: dict[str, tuple[str, ...]] = {
    "ES256": ("P-256",),
    "ES384": ("P-384",),
    "ES512": ("P-521",),
    "EdDSA": ("Ed25519", "Ed448"),
    "Ed25519": ("Ed25519",),
    "Ed448": ("Ed448",),
}
ALGORITHMS = (
    *SYMMETRIC,
    *(f"{family}{bits}" for family in ("RS", "PS") for bits in (256, 384, 512)),
    *CURVES,
)


def checked_algorithm(given: Any, *, keyword: str = "algorithm") -> str:
    """The name of an algorithm.

    Raises:
        ConfigurationError: there is none of this name, `none` included.
    """
    if given not in ALGORITHMS:
        raise ConfigurationError(f"{keyword}={given!r}: give one of {', '.join(ALGORITHMS)}")
    return str(given)


def kind_of_key(algorithm: str) -> str:
    """The `kty` of the keys of an algorithm."""
    return _KINDS[algorithm[:2]]
