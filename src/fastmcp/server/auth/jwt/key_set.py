"""KeySet: the keys in a JSON Web Key Set (RFC 7517) that can sign tokens of one algorithm."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import MsgspecError, Struct, json

from .algorithms import kind_of_key
from .given_key import fits

if TYPE_CHECKING:
    from joserfc.jwk import Key

logger: Final = logging.getLogger("fastmcp.server.auth")

MAX_KEYS = 100
# Of the text of a modulus: 2048 to 8192 bits.
_MODULUS = range(340, 1_368)


class _Document(Struct):
    keys: list[Any]


class KeySet:
    """Keys by their names. Keys that cannot be used are left out, as RFC 7517 section 5 says."""

    def __init__(self, document: bytes, algorithm: str) -> None:
        """Raises ValueError with what is wrong with the document."""
        try:
            given = json.decode(document, type=_Document).keys
        except (MsgspecError, ValueError, RecursionError):
            raise ValueError("they are no JSON object with a list of keys") from None
        if len(given) > MAX_KEYS:
            raise ValueError(f"they are more than {MAX_KEYS}")
        self._keys: list[tuple[str | None, Key]] = []
        for each in given:
            key = _usable(each, algorithm)
            if key is not None:
                self._keys.append((_name(each), key))
        if not self._keys:
            logger.warning(
                "None of the %d keys of the key set signs tokens of %s: no token will be valid. "
                "Give algorithm= as the keys have it",
                len(given),
                algorithm,
            )

    def get(self, kid: str | None) -> Key | None:
        """The key of this name; without a name the only key that there is."""
        if kid is None:
            return self._keys[0][1] if len(self._keys) == 1 else None
        return next((key for name, key in self._keys if name == kid), None)


def _name(data: Any) -> str | None:
    kid = data.get("kid")
    return kid if isinstance(kid, str) else None


def _usable(data: Any, algorithm: str) -> Key | None:
    from joserfc.jwk import import_key

    if not isinstance(data, dict) or not _is_meant(cast("dict[str, Any]", data), algorithm):
        return None
    try:
        key = import_key({name: data[name] for name in _MEMBERS[data["kty"]]})
        return key if fits(key, algorithm) else None
    except Exception:  # whatever the document made of it
        logger.debug("A key of the key set cannot be read", exc_info=True)
        return None


# The public members of a key: nothing else of it is of use here.
_MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}


def _is_meant(data: dict[str, Any], algorithm: str) -> bool:
    """Whether a key says nothing that keeps it from verifying tokens of the algorithm."""
    kind = data.get("kty")
    if kind != kind_of_key(algorithm) or kind not in _MEMBERS:  # a secret is none that is told
        return False
    if kind == "RSA" and not (isinstance(data.get("n"), str) and len(data["n"]) in _MODULUS):
        return False
    uses = data.get("key_ops", ["verify"])
    return (
        data.get("use", "sig") == "sig"
        and data.get("alg", algorithm) in (algorithm, *_OTHER_NAMES.get(algorithm, ()))
        and isinstance(uses, list)
        and "verify" in uses
    )


# RFC 9864 gave new names to what RFC 8037 called EdDSA.
_OTHER_NAMES = {"EdDSA": ("Ed25519", "Ed448"), "Ed25519": ("EdDSA",), "Ed448": ("EdDSA",)}
