"""The sockets that a server listens on, bound before anything is started for them."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from fastmcp.exceptions import ConfigurationError


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for every address of a host; with port 0 the system chooses one for them all.

    Where a host has several, those are left out that the machine does not have: the `localhost` of
    a container may have an address of IPv6 that the container has not.

    Raises:
        ConfigurationError: the host is not one.
        OSError: one of them cannot be had, and why.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise ConfigurationError(f"host={host!r} is no address here: {error.strerror}") from None
    missing: OSError | None = None
    with ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            made = _open(family, kind, protocol)
            if made is None:
                continue
            opened.callback(made.close)
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                _bind(made, str(address[0]), chosen, address[2:])
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    raise
                made.close()
                missing = error
            else:
                sockets.append(made)
        opened.pop_all()
    if not sockets:
        raise missing or ConfigurationError(
            f"host={host!r} has no address that this machine can use"
        )
    return sockets


def url_of(scheme: str, host: str, sockets: Sequence[socket.socket]) -> str:
    """The base URL of a host whose sockets these are."""
    if sockets[0].family not in (socket.AF_INET, getattr(socket, "AF_INET6", None)):
        return f"unix:{sockets[0].getsockname()} "
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{shown}:{sockets[0].getsockname()[1]}"


def _open(family: int, kind: int, protocol: int) -> socket.socket | None:
    """None for a family that the machine does not have."""
    try:
        made = socket.socket(family, kind, protocol)
    except OSError:
        return None
    if os.name == "posix" and sys.platform != "cygwin":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == getattr(socket, "AF_INET6", None) and hasattr(socket, "IPPROTO_IPV6"):
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made


def _bind(made: socket.socket, host: str, port: int, scope: tuple[Any, ...]) -> None:
    try:
        made.bind((host, port, *scope))
    except OSError as error:
        raise OSError(error.errno, _trouble(error, host, port)) from None


def _trouble(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use; end what listens there, or choose another port="
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} of {host} may not be used by this user; choose one from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; host='0.0.0.0' means all of them"
    return f"Port {port} of {host} cannot be had: {error.strerror}"
