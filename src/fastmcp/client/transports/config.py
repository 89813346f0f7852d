"""MCPConfigTransport: the servers of a configuration, behind one client."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fastmcp.exceptions import ConfigurationError

from .transport import ClientChannel, ClientTransport

if TYPE_CHECKING:
    from ..answers import Answers
    from ..config.mcp_config import MCPConfig
    from ..conversation import Conversation
    from ..notices import Notices
    from ..options import Options
    from .transport import Connect


class MCPConfigTransport(ClientTransport):
    """Reaches the servers of a configuration: an `MCPConfig`, what its JSON holds, or its file.

    One server is as if it were reached directly. Of several, tools and prompts are named
    `server_name` and resources `scheme://server/rest`, unless `name_as_prefix` is False: then the
    first server that has a name has it. Servers that their user has disabled are left out. A
    server's own `timeout` and `mode` come before those of the client.

    Raises:
        ConfigurationError: there is no server, or one cannot be reached as it is described.
    """

    def __init__(
        self,
        config: MCPConfig | Mapping[str, Any] | str | PathLike[str],
        name_as_prefix: bool = True,
    ) -> None:
        self.config: MCPConfig = _read(config)
        self.name_as_prefix = name_as_prefix
        self.transports: dict[str, ClientTransport] = {
            name: server.to_transport(self.config.label(name))
            for name, server in self.config.mcpServers.items()
            if not server.is_disabled
        }
        if not self.transports:
            disabled = " that is not disabled" if self.config.mcpServers else ""
            where = f" {self.config.origin}" if self.config.origin else ""
            raise ConfigurationError(
                f"No MCP servers defined in the config{where}: it needs mcpServers with a server"
                f"{disabled}"
            )

    @property
    def transport(self) -> ClientTransport:
        """That of the first server; of the only one, where there is one."""
        return next(iter(self.transports.values()))

    def __repr__(self) -> str:
        return f"MCPConfigTransport({', '.join(map(repr, self.transports))})"

    def secure(self, auth: Any, verify: Any) -> None:
        refused: ConfigurationError | None = None
        taken = False
        for transport in self.transports.values():
            try:
                transport.secure(auth, verify)
                taken = True
            except ConfigurationError as error:
                refused = error
        if refused is not None and not taken:
            raise refused

    def converse(
        self, connect: Connect, options: Options, answers: Answers, notices: Notices
    ) -> Conversation:
        if len(self.transports) == 1:
            name, transport = next(iter(self.transports.items()))
            return transport.converse(connect, self._own(name, options), answers, notices)
        from ..member import Member, MemberNotices
        from ..prefixes import Prefix
        from ..several import Several

        members: list[Member] = []
        for name, transport in self.transports.items():
            prefix = Prefix(name if self.name_as_prefix else None)
            own = self._own(name, options)
            renaming = MemberNotices(notices, prefix)
            conversation = transport.converse(connect, own, answers, renaming)
            members.append(Member(name, prefix, conversation, own.timeout))
        return Several(members)

    def _own(self, name: str, options: Options) -> Options:
        server = self.config.mcpServers[name]
        return replace(
            options,
            timeout=server.patience or options.timeout,
            mode=server.mode or options.mode,
        )

    def open(self) -> ClientChannel:
        if len(self.transports) > 1:
            raise ConfigurationError(
                f"{self!r} has a channel to each server and none to all; use it with Client"
            )
        return self.transport.open()


def _read(config: MCPConfig | Mapping[str, Any] | str | PathLike[str]) -> MCPConfig:
    from ..config.mcp_config import MCPConfig

    if isinstance(config, MCPConfig):
        return config
    if isinstance(config, Mapping):
        return MCPConfig.from_dict(config)
    return MCPConfig.from_file(config)
