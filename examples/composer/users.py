"""Who works here. A whole server: `fastmcp run users.py` serves it alone."""

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError

mcp = FastMCP("Users")
people = {"ada": "London", "grace": "Arlington", "linus": "Portland"}


@mcp.tool(annotations={"readOnlyHint": True})
def find(name: str) -> dict[str, str]:
    """Find somebody."""
    if name.lower() not in people:
        raise ToolError(f"There is no {name}; there are {', '.join(people)}")
    return {"name": name, "city": people[name.lower()], "address": f"{name.lower()}@office.test"}


@mcp.tool(tags={"staff"})
def dismiss(name: str) -> bool:
    """Remove somebody."""
    return people.pop(name.lower(), None) is not None


@mcp.resource("users://names")
def names() -> list[str]:
    """All who work here."""
    return sorted(people)


if __name__ == "__main__":
    mcp.run()
