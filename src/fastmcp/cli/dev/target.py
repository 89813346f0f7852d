"""From a command line to the server that an inspector shows."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import TYPE_CHECKING

from fastmcp.exceptions import ConfigurationError

from ..environments import environment_flags

if TYPE_CHECKING:
    from fastmcp.client.transports.transport import ClientTransport
    from fastmcp.inspector.target import Auth, Target


def read_target(options: argparse.Namespace) -> Target | None:
    """The server that is meant; None where none is named and the folder has none, which the page
    asks for then.

    Raises:
        ConfigurationError: what is named is no server.
    """
    if options.server is None and options.command is None:
        from ..loading import target_of

        try:
            target_of(None)
        except ConfigurationError as error:
            print(f"{error}\nThe page asks which server is meant.", file=sys.stderr)
            return None
    if options.module and options.server is not None:
        return _of_module(options.server, options)
    return _of_transport(_reached(options), options)


def run_flags(options: argparse.Namespace) -> list[str]:
    """What is passed on to `fastmcp run`."""
    flags = [*(["--module"] if options.module else ()), *environment_flags(options)]
    return flags if options.arguments is None else [*flags, "--", *options.arguments]


def _reached(options: argparse.Namespace) -> ClientTransport:
    """The way that commands take which call a server; signing in is the page's affair."""
    from fastmcp.client.transports.config import MCPConfigTransport

    from ..connecting import transport_of
    from ..loading import is_url

    asked = argparse.Namespace(**vars(options))
    if options.command is None and options.server is not None and is_url(options.server):
        asked.auth = "none"
    transport = transport_of(asked, run_flags(options), lambda line: None)
    if isinstance(transport, MCPConfigTransport):
        return transport.transport
    return transport


def _of_transport(transport: ClientTransport, options: argparse.Namespace) -> Target:
    from fastmcp.client.transports.http_client import HttpTransport
    from fastmcp.client.transports.sse import SSETransport
    from fastmcp.client.transports.stdio import StdioTransport
    from fastmcp.inspector.target import Target

    spec = "" if run_flags(options) else options.server or ""
    if isinstance(transport, HttpTransport):
        return Target(
            "sse" if isinstance(transport, SSETransport) else "http",
            url=transport.url,
            headers=dict(transport.headers),
            auth=_auth(options.auth),
            timeout=options.timeout,
            spec=spec,
        )
    if not isinstance(transport, StdioTransport):
        raise ConfigurationError(f"{options.server!r} is not reached by one command or URL")
    environment = dict(transport.env or {})
    inherits = environment == dict(os.environ)
    return Target(
        "stdio",
        shlex.join([transport.command, *transport.args]),
        env={} if inherits else environment,
        cwd=str(transport.cwd or ""),
        inherits=inherits,
        timeout=options.timeout,
        spec=spec,
    )


def _of_module(name: str, options: argparse.Namespace) -> Target:
    from fastmcp.inspector.target import Target

    line = [sys.executable, "-P", "-m", "fastmcp", "run", name, "--no-banner", *run_flags(options)]
    return Target("stdio", shlex.join(line), inherits=True, timeout=options.timeout)


def _auth(given: str | None) -> Auth:
    from fastmcp.inspector.target import Auth

    if given == "none":
        return Auth()
    return Auth("oauth") if given in (None, "oauth") else Auth("bearer", given)
