"""MCP Apps: what tools and resources say of their interface."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.apps import (
    UI_EXTENSION_ID,
    UI_MIME_TYPE,
    AppConfig,
    ResourceCSP,
    ResourcePermissions,
    app_config_to_meta_dict,
    resolve_ui_mime_type,
)
from fastmcp.exceptions import ConfigurationError

CONFIG = AppConfig(
    resource_uri="ui://weather/view",
    visibility=["model", "app"],
    csp=ResourceCSP(connect_domains=["https://api.example.com"]),
    permissions=ResourcePermissions(clipboard_write={}),
    prefers_border=False,
)
WIRE = {
    "resourceUri": "ui://weather/view",
    "visibility": ["model", "app"],
    "csp": {"connectDomains": ["https://api.example.com"]},
    "permissions": {"clipboardWrite": {}},
    "prefersBorder": False,
}


@pytest.mark.parametrize(
    "app",
    [
        CONFIG,
        WIRE,
        {**WIRE, "resource_uri": "ui://weather/view", "resourceUri": None},
        AppConfig(
            resourceUri="ui://weather/view",  # type: ignore[call-arg]
            visibility=["model", "app"],
            csp={"connect_domains": ["https://api.example.com"]},  # type: ignore[arg-type]
            permissions={"clipboardWrite": {}},  # type: ignore[arg-type]
            prefers_border=False,
        ),
    ],
)
def test_a_configuration_is_written_as_the_extension_has_it(app: Any) -> None:
    """From an object or a mapping, in either spelling; what is not said is not there."""
    assert app_config_to_meta_dict(app) == WIRE


def test_a_configuration_reads_in_both_spellings() -> None:
    """As attributes, nested ones too."""
    assert CONFIG.resource_uri == CONFIG.resourceUri == "ui://weather/view"  # type: ignore[attr-defined]
    assert CONFIG.csp is not None
    assert CONFIG.csp.connect_domains == ["https://api.example.com"]
    assert CONFIG.domain is None


def test_mistakes_are_refused() -> None:
    """An audience or a member that does not exist."""
    with pytest.raises(ConfigurationError, match=r'"app", "model" or both'):
        AppConfig(visibility=["everyone"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="resource_url"):
        AppConfig(resource_url="ui://a")  # type: ignore[call-arg]


def test_an_interface_has_a_type_of_its_own() -> None:
    """Unless another is given."""
    assert resolve_ui_mime_type("ui://a", None) == UI_MIME_TYPE == "text/html;profile=mcp-app"
    assert resolve_ui_mime_type("UI://a", "text/plain") == "text/plain"
    assert resolve_ui_mime_type("data://a", None) is None
    assert UI_EXTENSION_ID == "io.modelcontextprotocol/ui"


def test_a_tool_tells_clients_of_its_interface() -> None:
    """`app=` stands in its `_meta.ui`."""
    mcp = FastMCP("x")

    @mcp.tool(app=CONFIG)
    def weather() -> str:
        return ""

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.list_tools())[0].meta

    assert asyncio.run(main())["ui"] == WIRE
