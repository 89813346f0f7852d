"""From what `public_key=` is given to a key."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import ConfigurationError

from .algorithms import CURVES, DEFAULT, SYMMETRIC, kind_of_key

if TYPE_CHECKING:
    from joserfc.jwk import Key

logger: Final = logging.getLogger("fastmcp.server.auth")

# In bytes. With fewer than the first a secret is guessed (NIST SP 800-131A), with fewer than the
# second it is weaker than HS256 (RFC 7518 section 3.2).
LEAST_SECRET = 14
GOOD_SECRET = 32
RSA_BITS = range(2048, 8193)

_WANTED = "give a public key in PEM, or with algorithm='HS256' (384, 512) a secret"
_OF_CURVES = {curve: name for name, curves in CURVES.items() for curve in curves}


def key_of(given: Any, algorithm: str | None) -> tuple[Key, str]:
    """The key, and its algorithm; without one told, the usual one of this kind of key.

    Raises:
        ConfigurationError: it is no key, or none of this algorithm.
    """
    text = given.encode() if isinstance(given, str) else given
    if not isinstance(text, bytes) or not text.strip():
        raise ConfigurationError(f"public_key= takes a text: {_WANTED}")
    if algorithm in SYMMETRIC:
        return _secret(text, algorithm), algorithm
    key = _public_key(text)
    usual = DEFAULT if key.key_type == "RSA" else _OF_CURVES.get(str(key.get("crv")))
    chosen = algorithm or usual
    if chosen is None or not fits(key, chosen):
        raise ConfigurationError(
            f"algorithm={algorithm!r} has no use for the {key.key_type} key in public_key="
        )
    return key, chosen


def fits(key: Key, algorithm: str) -> bool:
    """Whether tokens of this algorithm can be signed with the key."""
    if key.key_type != kind_of_key(algorithm):
        return False
    if key.key_type == "RSA":
        return key.public_key.key_size in RSA_BITS  # type: ignore[union-attr]
    return algorithm not in CURVES or key.get("crv") in CURVES[algorithm]


def _secret(text: bytes, algorithm: str) -> Key:
    from joserfc.jwk import OctKey

    if b"-----BEGIN" in text:
        raise ConfigurationError(
            f"public_key= is a key in PEM, and {algorithm} needs a secret: whoever has the public "
            "key could sign tokens with it. Give the secret, or algorithm='RS256'"
        )
    if len(text) < LEAST_SECRET:
        raise ConfigurationError(
            f"public_key= is a secret of {len(text)} bytes, which can be guessed: take "
            f"{GOOD_SECRET} or more, as secrets.token_urlsafe({GOOD_SECRET}) makes"
        )
    if len(text) < GOOD_SECRET:
        logger.warning("The secret of %s has fewer than %d bytes", algorithm, GOOD_SECRET)
    try:
        return OctKey.import_key(text)
    except ValueError:
        raise ConfigurationError(
            f"public_key= is a public key, and {algorithm} needs a secret"
        ) from None


def _public_key(text: bytes) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if b"PRIVATE KEY-----" in text:
        raise ConfigurationError("public_key= is a private key: give the public one")
    try:
        if b"-----BEGIN CERTIFICATE-----" in text:
            native: Any = load_pem_x509_certificate(text.strip()).public_key()
        else:
            native = load_pem_public_key(text.strip())
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"public_key= is no key in PEM: {_WANTED}") from None
    if isinstance(native, rsa.RSAPublicKey):
        if native.key_size not in RSA_BITS:
            raise ConfigurationError(
                f"public_key= is an RSA key of {native.key_size} bits: 2048 to 8192 are safe to use"
            )
        return RSAKey.import_key(native)
    try:
        kind: Any = ECKey if isinstance(native, ec.EllipticCurvePublicKey) else OKPKey
        return kind.import_key(native)
    except Exception:
        raise ConfigurationError(f"public_key= is a key that signs no tokens: {_WANTED}") from None
