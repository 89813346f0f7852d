"""ProxyPrompt: a prompt of the server behind a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from fastmcp.client.arguments import as_text
from fastmcp.client.results import read_result
from fastmcp.prompts.base import Message, Prompt, PromptResult
from fastmcp.wire.completion import CompleteRequestParams, CompleteResult, PromptReference
from fastmcp.wire.features import GetPromptResult
from fastmcp.wire.features import Prompt as WirePrompt

from .backend import Backend
from .client_factory import ClientFactoryT
from .completing import complete_behind
from .component_meta import known_versions, own_version, tags_of
from .relayed_results import demand_of, own_meta


class ProxyPrompt(Prompt, kw_only=True):
    """Renders a prompt of another server: `backend_name` there, whatever it is called here."""

    client_factory: ClientFactoryT
    backend_name: str = ""
    backend: Backend | None = None

    def __post_init__(self) -> None:
        self.backend_name = self.backend_name or self.name

    @classmethod
    def from_mcp_prompt(
        cls,
        client_factory: ClientFactoryT,
        mcp_prompt: WirePrompt,
        backend: Backend | None = None,
    ) -> Self:
        """A prompt as its server lists it."""
        meta = mcp_prompt.meta
        made = cls(
            client_factory=client_factory,
            backend=backend,
            name=mcp_prompt.name,
            title=mcp_prompt.title,
            description=mcp_prompt.description,
            version=own_version(meta),
            arguments=mcp_prompt.arguments,
            icons=mcp_prompt.icons,
            tags=tags_of(meta),
            meta=meta,
        )
        made.versions = known_versions(meta)
        return made

    async def render(self, arguments: Mapping[str, Any] | None = None) -> Any:
        params: dict[str, Any] = {"name": self.backend_name}
        if arguments:
            params["arguments"] = {name: as_text(value) for name, value in arguments.items()}
        backend = self.backend or Backend(self.client_factory)
        raw = await backend.ask("prompts/get", params, version=self.version)
        demand = demand_of(raw)
        if demand is not None:
            return demand
        result = read_result(GetPromptResult, raw, "prompts/get")
        messages = [Message(each.content, each.role) for each in result.messages]
        return PromptResult(messages, result.description, own_meta(result.meta))

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        ref = PromptReference(name=self.backend_name)
        return await complete_behind(self.backend or Backend(self.client_factory), params, ref)
