"""Which server is inspected, and how it is reached."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from fastmcp.client.transports.transport import ClientTransport
from fastmcp.exceptions import ConfigurationError

AuthKind: TypeAlias = Literal["none", "bearer", "oauth"]


class Auth(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How the client shows who it is: a bearer `token`, or OAuth with what is known for it."""

    kind: AuthKind = "none"
    token: str = ""
    scopes: str = ""
    client_id: str = ""
    client_secret: str = ""


class Target(Struct, frozen=True, rename="camel"):
    """A server.

    Over `stdio`, `command` is a command line, split as a shell would split it but run by none,
    with `env` (and, with `inherits`, all of this process's variables) in the folder `cwd`; over
    `http` and `sse` there are `url`, `headers` and `auth`. `mode` is the client's: "auto",
    "legacy" or a revision, and `timeout` the seconds for which a request may be silent. `spec` is
    the SERVER that other commands of `fastmcp` take for the same.
    """

    transport: Literal["stdio", "http", "sse"] = "stdio"
    command: str = ""
    env: dict[str, str] = field(default_factory=dict[str, str])
    cwd: str = ""
    inherits: bool = False
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    auth: Auth = Auth()
    mode: str = "auto"
    timeout: float | None = None
    spec: str = ""

    def open_with(self, auth: Any, stderr: Callable[[str], None]) -> ClientTransport:
        """What reaches it; `auth` goes with requests over HTTP, `stderr` takes lines of a process.

        Raises:
            ConfigurationError: something of it is missing, or makes no sense.
            ValueError: the same, of its URL or its headers.
        """
        if self.transport == "stdio":
            return self._process(stderr)
        if not self.url:
            raise ConfigurationError("Give the URL of the server")
        if self.transport == "sse":
            from fastmcp.client.transports.sse import SSETransport

            return SSETransport(self.url, self.headers, auth)
        from fastmcp.client.transports.http import StreamableHttpTransport

        return StreamableHttpTransport(self.url, self.headers, auth)

    def _process(self, stderr: Callable[[str], None]) -> ClientTransport:
        from fastmcp.client.transports.stdio import StdioTransport

        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise ConfigurationError(f"The command cannot be read: {error}") from None
        if not words:
            raise ConfigurationError("Give the command that starts the server")
        env = {**(dict(os.environ) if self.inherits else {}), **self.env}
        transport = StdioTransport(
            words[0], words[1:], env, self.cwd or None, stderr_handler=stderr
        )
        # One of ours that ends at once does so for a reason, and would for the same one again.
        transport.probes_again = words[1:4] != ["-m", "fastmcp", "run"]
        return transport
