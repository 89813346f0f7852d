"""Whether a request's Host and Origin are those of somebody who may reach this server.

A server on a loopback address is reachable by every page that a browser shows, under any name
whose address an attacker points there (DNS rebinding). So there, Host has to be a loopback name
and Origin, when present, a loopback origin (PROTOCOL 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fastmcp.exceptions import ConfigurationError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_NAME = r"\[[^\s\]]+\]|[^\s/:@?#\[\],;]+"
_HOST = re.compile(rf"({_NAME})(?::([0-9]+|\*))?")
_ORIGIN = re.compile(rf"([a-z][a-z0-9+.-]*)://({_NAME})(?::([0-9]+|\*))?")
_ANY_PORT = "(?::[0-9]+)?"
# The ports that a browser leaves away.
_IMPLIED = {"http": ("80",), "https": ("443",)}
_ALL_IMPLIED = ("80", "443")


class Guard:
    """Who is allowed besides loopback: `hosts` are names with any port or with one, `origins` and
    `readers` are full origins. `*` stands for any part of a name or any port; alone, for all.

    `enabled` True checks both headers and False neither. None checks both on a loopback address,
    and elsewhere those for which something is listed. `bound_to` is the address that the server
    listens on; without it, the one that each connection came to is taken for it. `readers` are
    origins whose pages may read answers: allowed where origins are checked, and no reason to.

    Raises:
        ConfigurationError: one that no request could have.
    """

    def __init__(
        self,
        enabled: bool | None = None,
        hosts: Sequence[str] = (),
        origins: Sequence[str] = (),
        bound_to: str | None = None,
        readers: Sequence[str] = (),
    ) -> None:
        self._enabled = enabled
        self._bound_to = bound_to
        self._lists_hosts = bool(hosts)
        self._lists_origins = bool(origins)
        self._keyword = "cors_origins" if readers else "allowed_origins"
        bound = re.escape(_bracketed((bound_to or "localhost").lower())) + _ANY_PORT
        self._hosts = re.compile(_any_of((bound, *map(_host, (*LOOPBACK, *hosts)))))
        # Pages of a host that is listed are its own; of any host, they are anybody's.
        ours = [_host(host) for host in (*LOOPBACK, *hosts) if host.partition(":")[0] != "*"]
        pages = (
            f"https?://{_any_of(ours)}",
            origins_pattern(origins, "allowed_origins"),
            origins_pattern(readers, "cors_origins"),
        )
        self._origins = re.compile(_any_of(pages))

    def refusal(
        self, came_to: str | None, host: str | None, origin: str | None
    ) -> tuple[int, str] | None:
        """The status and reason to refuse a request with, or None for one that may pass."""
        if self._enabled is False:
            return None
        everything = self._enabled or is_loopback(self._bound_to or came_to or "")
        name = _bracketed((host or "").lower())
        if (everything or self._lists_hosts) and self._hosts.fullmatch(name) is None:
            if host is None:
                return 421, "The Host header is missing; this server answers to known names alone"
            return 421, (
                f"Host {host!r} is not allowed here; a server that is reached by this name needs "
                f"allowed_hosts=[{host!r}], or host_origin_protection=False behind a proxy that "
                "checks it"
            )
        checked = origin if everything or self._lists_origins else None
        if checked is not None and self._origins.fullmatch(checked.lower()) is None:
            return 403, (
                f"Origin {origin!r} is not allowed here; a web page of that origin needs "
                f"{self._keyword}=[{origin!r}]"
            )
        return None


def is_loopback(host: str) -> bool:
    """Whether an address or name is one that only this machine can reach."""
    name = host.lower().removeprefix("::ffff:")  # so comes IPv4 to a socket of both
    return name in LOOPBACK or name == "::1" or name.startswith("127.")


def origins_pattern(origins: Iterable[str], keyword: str) -> str:
    """A regular expression of the origins, as browsers send them, that these are.

    Raises:
        ConfigurationError: `keyword` was given what is no origin.
    """
    return _any_of(_origin(each, keyword) for each in origins)


def _any_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(patterns) or '(?!)'})"


def _host(entry: str) -> str:
    host = _bracketed(entry.lower().rstrip("/"))
    if host == "*":
        return ".*"
    found = _HOST.fullmatch(host)
    if found is None:
        name = entry.partition("://")[2].partition("/")[0] or "mcp.example"
        raise ConfigurationError(
            f"allowed_hosts: {entry!r} is not a host; one is a name and perhaps a port: {name!r}"
        )
    name, port = found.groups()
    return _named(name) + (_ANY_PORT if port is None else _port(port, _ALL_IMPLIED))


def _origin(entry: str, keyword: str) -> str:
    origin = entry.lower().rstrip("/")
    if origin == "*":
        return ".*"
    if origin == "null":
        return origin
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        raise ConfigurationError(
            f"{keyword}: {entry!r} is not an origin; one is a scheme, a host and perhaps a port, "
            "without a path: 'https://app.example'"
        )
    scheme, name, port = found.groups()
    implied = _IMPLIED.get(scheme, ())
    if port is None:
        port = implied[0] if implied else ""
    return f"{re.escape(scheme)}://{_named(name)}{_port(port, implied)}"


def _named(name: str) -> str:
    return re.escape(name).replace(r"\*", "[a-z0-9_.-]*")


def _port(port: str, implied: Sequence[str]) -> str:
    if port == "*":
        return _ANY_PORT
    if port in implied:
        return f"(?::{port})?"
    return f":{port}" if port else ""


def _bracketed(host: str) -> str:
    """An IPv6 address as it stands in URLs."""
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
