"""Components that are methods of an object."""

from __future__ import annotations

from .mcp_mixin import MCPMixin, mcp_prompt, mcp_resource, mcp_tool

__all__ = ["MCPMixin", "mcp_prompt", "mcp_resource", "mcp_tool"]
