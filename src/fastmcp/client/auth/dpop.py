"""Tokens that are of use only to who has a key (DPoP, RFC 9449)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .exchange import Reply, read_object
from .places import origin

_ALGORITHM = "ES256"
_LONGEST = 1024


class DPoP:
    """A key, and the proofs that it is there; each is for one request. `key` is one that was kept.

    Servers may give a nonce that the next proofs have to have.
    """

    def __init__(self, key: Mapping[str, Any] | None = None) -> None:
        from joserfc.jwk import ECKey

        self._key = ECKey.generate_key("P-256") if key is None else ECKey.import_key(dict(key))
        self._public = self._key.as_dict(private=False)
        self._nonces: dict[Any, str] = {}

    def __repr__(self) -> str:
        return "DPoP('…')"

    @property
    def key(self) -> dict[str, Any]:
        """The private key, to be kept with the token that is bound to it."""
        return dict(self._key.as_dict(private=True))

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """A proof for a request, and for the token that goes with it."""
        from joserfc import jwt

        parts = urlsplit(url)
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": f"{parts.scheme}://{parts.netloc}{parts.path or '/'}",
            "iat": int(time.time()),
        }
        if token is not None:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (nonce := self._nonces.get(origin(url))) is not None:
            claims["nonce"] = nonce
        header = {"typ": "dpop+jwt", "alg": _ALGORITHM, "jwk": self._public}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])

    def take_nonce(self, url: str, headers: Mapping[str, str]) -> bool:
        """Use the nonce that a server of this URL gives from now on; whether it is another one."""
        nonce = headers.get("dpop-nonce")
        place = origin(url)
        if not nonce or len(nonce) > _LONGEST or nonce == self._nonces.get(place):
            return False
        if len(self._nonces) >= 16:
            self._nonces.clear()
        self._nonces[place] = nonce
        return True

    def wants_nonce(self, url: str, reply: Reply) -> bool:
        """Whether a token endpoint refused a proof for want of the nonce that it gives."""
        found = read_object(reply) if reply.status in (400, 401) else None
        is_it = found is not None and found.get("error") == "use_dpop_nonce"
        return is_it and self.take_nonce(url, reply.headers)
