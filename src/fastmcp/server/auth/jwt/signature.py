"""The signature of a token, and what its header may say (RFC 7515, RFC 8725)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from joserfc.jwk import Key
    from joserfc.jws import CompactSignature, JWSRegistry

# Of the whole token, and of its decoded header, in bytes.
MAX_TOKEN = 32_768
MAX_HEADER = 4_096

ACCESS_TOKENS = ("jwt", "at+jwt")
ANY_TYPE = ()


class Signed:
    """A token that is well-formed, of the right algorithm and type; nobody has checked it yet."""

    def __init__(self, parts: CompactSignature, algorithm: str) -> None:
        self._parts = parts
        self._algorithm = algorithm
        kid = parts.headers().get("kid")
        self.kid: str | None = kid if isinstance(kid, str) else None

    def payload(self, key: Key) -> bytes | None:
        """What was signed; None if it was not signed with this key."""
        from joserfc.jws import validate_compact

        try:
            valid = validate_compact(self._parts, key, registry=_registry(self._algorithm))
        except Exception:  # whatever the token made of it
            return None
        return self._parts.payload if valid else None


def signed(token: str, algorithm: str, types: tuple[str, ...] = ACCESS_TOKENS) -> Signed | None:
    """A token of this algorithm; None for what is none.

    What its header says of keys is not looked at, but for the name of the key: neither embedded
    keys nor addresses of keys are of use to who has to be found out.
    """
    if len(token) > MAX_TOKEN or token.count(".") != 2:
        return None
    from joserfc.jws import extract_compact

    try:
        parts = extract_compact(token.encode("ascii"), None, _registry(algorithm))
        header: dict[str, Any] = dict(parts.headers())
    except Exception:  # also of what is nested too deeply
        return None
    if header.get("alg") != algorithm:
        return None
    # An extension that must be understood is not: we know of none.
    if "crit" in header or "b64" in header or not _is_one_of(header.get("typ"), types):
        return None
    return Signed(parts, algorithm)


def _is_one_of(typ: Any, types: tuple[str, ...]) -> bool:
    if typ is None or not types:
        return True
    return isinstance(typ, str) and typ.lower().removeprefix("application/") in types


@cache
def _registry(algorithm: str) -> JWSRegistry:
    from joserfc.jws import JWSRegistry

    class OneAlgorithm(JWSRegistry):
        """Knows the one that was configured, and does not warn of it for every token."""

        max_header_length = MAX_HEADER
        max_payload_length = MAX_TOKEN
        max_signature_length = 2_048

        def get_alg(self, name: str) -> Any:
            if name != algorithm:
                raise ValueError(f"not {algorithm}")
            return self.algorithms[algorithm]

    return OneAlgorithm(algorithms=[algorithm], strict_check_header=False)
