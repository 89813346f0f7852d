"""A server whose interfaces are of Prefab's components, mounted and renamed."""

from __future__ import annotations

from prefab_ui.actions import SetState
from prefab_ui.actions.mcp import CallTool, SendMessage
from prefab_ui.app import PrefabApp
from prefab_ui.components import Button, Column, Heading, Text
from prefab_ui.rx import RESULT, STATE

from fastmcp import FastMCP
from fastmcp.apps import FastMCPApp, PrefabAppConfig, ResourceCSP, ResourcePermissions
from fastmcp.apps.generative import GenerativeUI

app = FastMCPApp("dashboard")


@app.tool("save_it")
def save(name: str) -> str:
    return f"saved {name}"


@app.ui()
def show() -> PrefabApp:
    """Show the dashboard."""
    with Column() as view:
        Heading("Dashboard")
        done = [SetState("said", RESULT), SendMessage(RESULT)]
        Button("Save", on_click=CallTool(save, arguments={"name": "x"}, on_success=done))
        Button("Again", on_click=CallTool("save_it", arguments={"name": "y"}))
        Text(STATE.said)
    return PrefabApp(view=view, state={"said": "nothing"})


@app.ui(
    app=PrefabAppConfig(
        csp=ResourceCSP(connect_domains=["https://api.example"]),
        permissions=ResourcePermissions(camera={}),
    )
)
async def other() -> Column:
    with Column() as view:
        Text("other")
    return view


@app.ui(app=True)
def words() -> str:
    return "no components today"


inner = FastMCP("inner", providers=[app, GenerativeUI()])
mcp = FastMCP("dashboard")
mcp.mount(inner, tool_names={"save_it": "store"})
