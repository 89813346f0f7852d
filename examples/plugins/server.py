"""A server whose tools come and go as plugins, while clients are connected."""

from pathlib import Path

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.plugins import PluginManager

FOLDER = Path(__file__).with_name("plugins")

mcp = FastMCP("Workshop")
plugins = PluginManager(mcp)
plugins.load_from_file(FOLDER / "units.py")
plugins.load_entry_points()  # of installed packages: [project.entry-points."fastmcp.plugins"]


@mcp.tool(annotations={"readOnlyHint": True})
def list_plugins() -> dict[str, list[str]]:
    """The plugins that are loaded, with their tools; and the names of those that could be."""
    loaded = {name: plugins.info(name)["tools"] for name in plugins.plugins}
    others = {path.stem for path in FOLDER.glob("[!_]*.py")} - set(loaded)
    return {**loaded, "available": sorted(others)}


@mcp.tool
def load_plugin(name: str) -> list[str]:
    """Load a plugin of the folder; the tools that have come."""
    # A client names one, and no path: what is loaded runs with all that this process may do.
    if name not in list_plugins()["available"]:
        raise ToolError(f"There is no plugin {name!r} to load; list_plugins says which there are")
    loaded = plugins.load_from_file(FOLDER / f"{name}.py")
    return [tool for plugin in loaded for tool in plugins.info(plugin.name)["tools"]]


@mcp.tool
def unload_plugin(name: str) -> str:
    """Unload a plugin: what it registered is gone then, and nothing else."""
    if name not in plugins.plugins:
        raise ToolError(f"No plugin {name!r} is loaded; list_plugins says which are")
    plugins.unload(name)
    return f"{name} is unloaded"


if __name__ == "__main__":
    mcp.run()
