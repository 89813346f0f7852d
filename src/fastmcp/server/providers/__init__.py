"""Providers: where a server's components come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from .aggregate import AggregateProvider as AggregateProvider
    from .base import Provider as Provider
    from .fastmcp_provider import FastMCPProvider as FastMCPProvider
    from .filesystem import FileSystemProvider as FileSystemProvider
    from .local import LocalProvider as LocalProvider
    from .openapi import OpenAPIProvider as OpenAPIProvider
    from .proxy import ProxyProvider as ProxyProvider
    from .skills import ClaudeSkillsProvider as ClaudeSkillsProvider
    from .skills import SkillProvider as SkillProvider
    from .skills import SkillsDirectoryProvider as SkillsDirectoryProvider
    from .skills import SkillsProvider as SkillsProvider

__all__ = [
    "AggregateProvider",
    "ClaudeSkillsProvider",
    "FastMCPProvider",
    "FileSystemProvider",
    "LocalProvider",
    "OpenAPIProvider",
    "Provider",
    "ProxyProvider",
    "SkillProvider",
    "SkillsDirectoryProvider",
    "SkillsProvider",
]

lazy_names(
    __name__,
    {
        "AggregateProvider": ".aggregate",
        "ClaudeSkillsProvider": ".skills",
        "FastMCPProvider": ".fastmcp_provider",
        "FileSystemProvider": ".filesystem",
        "LocalProvider": ".local",
        "OpenAPIProvider": ".openapi",
        "Provider": ".base",
        "ProxyProvider": ".proxy",
        "SkillProvider": ".skills",
        "SkillsDirectoryProvider": ".skills",
        "SkillsProvider": ".skills",
    },
)

alias_module(f"{__name__}.local_provider", ".local")
