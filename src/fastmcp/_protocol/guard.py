"""Whether a request's Host and Origin are those of somebody who may reach this server.

A server on a loopback address is reachable by every page that a browser shows, under any name
whose address an attacker points there (DNS rebinding). So there, Host has to be a loopback name
and Origin, when present, a loopback origin (PROTOCOL 4.3).
"""

from __future__ import annotations

from msgspec import Struct

LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]", "::1"))


class Guard(Struct, frozen=True):
    """What is allowed besides loopback: `host` or `host:port`, `*` for all; full origins.

    `enabled` True checks both headers and False neither. None checks both on a loopback address,
    and elsewhere those for which something is listed. `bound_to` is the address that the server
    listens on; without it, the one that each connection came to is taken for it. `readers` are
    origins whose pages may read answers: allowed where origins are checked, and no reason to.
    """

    enabled: bool | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    bound_to: str | None = None
    readers: tuple[str, ...] = ()

    def refusal(
        self, came_to: str | None, host: str | None, origin: str | None
    ) -> tuple[int, str] | None:
        """The status and reason to refuse a request with, or None for one that may pass."""
        if self.enabled is False:
            return None
        everything = self.enabled or is_loopback(self.bound_to or came_to or "")
        if (everything or self.hosts) and not self._allows_host(host or ""):
            return 421, (
                f"Host {host!r} is not allowed here; a server that is reached by this name needs "
                f"allowed_hosts=[{host!r}], or host_origin_protection=False behind a proxy that "
                "checks it"
            )
        checked = origin if everything or self.origins else None
        if checked is not None and not self._allows_origin(checked):
            return 403, (
                f"Origin {origin!r} is not allowed here; a web page of that origin needs "
                f"allowed_origins=[{origin!r}]"
            )
        return None

    def _allows_host(self, host: str) -> bool:
        name = _without_port(host.lower())
        if name in LOOPBACK or name == self.bound_to or "*" in self.hosts:
            return True
        return any(_matches(allowed.lower(), host.lower(), name) for allowed in self.hosts)

    def _allows_origin(self, origin: str) -> bool:
        if any("*" in origins or origin in origins for origins in (self.origins, self.readers)):
            return True
        scheme, _, rest = origin.partition("://")
        if scheme not in ("http", "https"):
            return False
        name = _without_port(rest.lower())
        return name in LOOPBACK or any(
            _matches(allowed.lower(), rest.lower(), name) for allowed in self.hosts
        )


def is_loopback(host: str) -> bool:
    """Whether an address or name is one that only this machine can reach."""
    return host in LOOPBACK or host.startswith("127.")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    bare = name.startswith("[") or ":" not in name
    return name if colon and bare and port.isdecimal() else host


def _matches(allowed: str, host: str, name: str) -> bool:
    if allowed.endswith(":*"):
        allowed = allowed[:-2]
    if allowed.startswith("*."):
        return name.endswith(allowed[1:])
    return allowed in (host, name)
