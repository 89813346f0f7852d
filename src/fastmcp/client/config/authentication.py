"""What `authentication` of a configuration's entry means: its `type`, and the options of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from .variables import expand_header


def auth_of(given: Mapping[str, Any], label: str) -> Any:
    """The credentials that are described, with variables expanded; other members are keywords of
    what the type stands for.

    Raises:
        ConfigurationError: there is no such type, or it has no such option.
    """
    name = given.get("type")
    make = _TYPES.get(name) if isinstance(name, str) else None
    if make is None:
        known = ", ".join(_TYPES)
        raise ConfigurationError(f"{label}: authentication.type={name!r} is none of {known}")
    options = {key: _expanded(value, label, key) for key, value in given.items() if key != "type"}
    try:
        return make(**options)
    except TypeError as error:
        raise ConfigurationError(f"{label}: authentication: {error}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{label}: {error}") from None


def _expanded(value: Any, label: str, key: str) -> Any:
    if isinstance(value, str):
        return expand_header(value, label, f"authentication.{key}")
    if isinstance(value, list):
        return [_expanded(each, label, key) for each in cast("list[Any]", value)]
    return value


def _bearer(token: str) -> Any:
    from fastmcp.client.auth.bearer import BearerAuth

    return BearerAuth(token)


def _oauth(**options: Any) -> Any:
    from fastmcp.client.auth.oauth import OAuth

    return OAuth(**options)


def _client_credentials(**options: Any) -> Any:
    from fastmcp.client.auth.client_credentials import ClientCredentialsOAuthProvider

    return ClientCredentialsOAuthProvider(**options)


_TYPES: Mapping[str, Callable[..., Any]] = {
    "bearer": _bearer,
    "oauth": _oauth,
    "client_credentials": _client_credentials,
}
