"""Users by the word of an identity provider that is trusted (ID-JAG, SEP-990)."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import FetchError
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.wire.model import Model

from .jwt.algorithms import DEFAULT
from .jwt.claims import scopes_in
from .jwt.keys import RemoteKeys
from .oauth.assertions import (
    InvalidAssertion,
    SeenAssertions,
    header_of,
    unverified_claims,
    verified_claims,
)
from .oauth.grants import JWT_BEARER
from .oauth.issuer_metadata import jwks_uri_of
from .oauth.metadata import ASSERTION_ALGORITHMS, ID_JAG_PROFILE
from .oauth.resources import same_resource
from .single_flight import SingleFlight

JWT_BEARER_GRANT_TYPE = JWT_BEARER
ID_JAG_GRANT_PROFILE = ID_JAG_PROFILE
ID_JAG_TYP = "oauth-id-jag+jwt"
SUPPORTED_ASSERTION_ALGORITHMS = frozenset(ASSERTION_ALGORITHMS)

logger: Final = logging.getLogger("fastmcp.server.auth")

_BYTES = 512 * 1024
_SECONDS = 10.0
_INTERVAL = 30.0


class IdentityAssertionError(InvalidAssertion):
    """An ID-JAG that is refused; the text says why, and is not for who sent it."""


class IdentityAssertion(Model, rename=None):
    """Whose word is taken for who a user is.

    Keys of the `trusted_issuers` are at `jwks_uris`, by issuer, or where their discovery document
    says. Their assertions are for `audience`, which is this server's issuer if it is None, and are
    signed by `algorithms`, by issuer, or `algorithm`, RS256 by default. They must have the
    `required_scopes`, and the token that is given for one lasts `access_token_expiry_seconds`.

    Raises:
        ConfigurationError: what nothing can be verified by.
    """

    trusted_issuers: list[str]
    jwks_uris: dict[str, str] | None = None
    audience: str | None = None
    required_scopes: list[str] | None = None
    algorithm: str | None = None
    algorithms: dict[str, str] | None = None
    access_token_expiry_seconds: int = 300

    def __post_init__(self) -> None:
        if not self.trusted_issuers or not all(each.strip() for each in self.trusted_issuers):
            raise ConfigurationError("trusted_issuers= needs at least one issuer, and no empty one")
        for given in (*(self.algorithms or {}).values(), self.algorithm):
            if given is not None and given not in SUPPORTED_ASSERTION_ALGORITHMS:
                raise ConfigurationError(
                    f"algorithm={given!r}: give one of {', '.join(ASSERTION_ALGORITHMS)}"
                )
        if self.access_token_expiry_seconds <= 0:
            raise ConfigurationError(
                f"access_token_expiry_seconds={self.access_token_expiry_seconds}: give seconds, "
                "more than 0"
            )


class IdentityAssertionValidator:
    """Verifies ID-JAGs for the authorization server `audience`, each being good once."""

    def __init__(
        self, config: IdentityAssertion, audience: str, *, seen: SeenAssertions | None = None
    ) -> None:
        self.config = config
        # Who writes it by hand may leave out the slash at its end, or add one.
        bare = audience.rstrip("/")
        self._audiences = [config.audience] if config.audience else [bare, f"{bare}/"]
        self._seen = seen or SeenAssertions()
        self._client = BoundedClient(max_size=_BYTES, timeout=_SECONDS)
        self._keys: dict[str, RemoteKeys] = {}
        self._failed: dict[str, float] = {}
        self._flights: SingleFlight[RemoteKeys] = SingleFlight()

    async def validate(
        self, assertion: str, *, client_id: str, resource_url: str | None
    ) -> dict[str, Any]:
        """The claims of an assertion that is for this client, and this resource.

        Raises:
            IdentityAssertionError: it is refused. One that is for others can still be used by them.
            AuthorityUnavailable: the keys of its issuer cannot be fetched.
        """
        try:
            claims = await self._verified(assertion)
            self._check(claims, client_id, resource_url)
            await self._seen.use(claims)
        except InvalidAssertion as error:
            raise IdentityAssertionError(str(error)) from None
        return claims

    async def _verified(self, assertion: str) -> dict[str, Any]:
        header = header_of(assertion)
        if header.typ != ID_JAG_TYP:
            raise InvalidAssertion(f"its typ is not {ID_JAG_TYP}")
        issuer = unverified_claims(assertion).get("iss")
        if not isinstance(issuer, str) or issuer not in self.config.trusted_issuers:
            raise InvalidAssertion("its issuer is not trusted")
        if header.alg != self._algorithm(issuer):
            raise InvalidAssertion(f"it is not signed by {self._algorithm(issuer)}")
        keys = self._keys.get(issuer) or await self._found_keys(issuer)
        return await verified_claims(assertion, header, keys, issuer, self._audiences)

    def _check(self, claims: dict[str, Any], client_id: str, resource_url: str | None) -> None:
        if claims.get("client_id") != client_id:
            raise InvalidAssertion("it is for another client")
        resource = claims.get("resource")
        if resource_url is not None and not (
            isinstance(resource, str) and same_resource(resource, resource_url)
        ):
            raise InvalidAssertion("it is for another resource")
        missing = set(self.config.required_scopes or ()) - set(scopes_in(claims))
        if missing:
            raise InvalidAssertion(f"it lacks {', '.join(sorted(missing))}")

    def granted_scopes(self, claims: dict[str, Any], requested: list[str] | None) -> list[str]:
        """The scopes of an assertion: a client may ask for fewer, but not for more."""
        required = self.config.required_scopes or []
        said = scopes_in(claims) or list(required)
        if requested is None:
            return said
        return [each for each in said if each in requested or each in required]

    def _algorithm(self, issuer: str) -> str:
        return (self.config.algorithms or {}).get(issuer, self.config.algorithm or DEFAULT)

    async def _found_keys(self, issuer: str) -> RemoteKeys:
        """The keys of a trusted issuer, asked for once at a time, and not again at once."""
        if time.monotonic() - self._failed.get(issuer, float("-inf")) < _INTERVAL:
            raise AuthorityUnavailable(f"The keys of {issuer} could not be found just now")
        return await self._flights.join(issuer, lambda: self._find_keys(issuer))

    async def _find_keys(self, issuer: str) -> RemoteKeys:
        try:
            url = (self.config.jwks_uris or {}).get(issuer) or await jwks_uri_of(
                issuer, self._client
            )
        except FetchError as error:
            self._failed[issuer] = time.monotonic()
            raise AuthorityUnavailable(f"The keys of {issuer} cannot be found: {error}") from None

        async def fetch() -> bytes:
            fetched = await self._client.request("GET", url)
            if fetched.status_code != 200:
                raise FetchError(f"the answer has status {fetched.status_code}")
            return fetched.content

        keys = RemoteKeys(url, self._algorithm(issuer), fetch, _INTERVAL, lambda: None)
        self._keys[issuer] = keys
        return keys
