"""A server for callers who bring a JWT; what they may do is in it."""

from pathlib import Path

from fastmcp import Context, FastMCP
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.server.auth import JWTVerifier, require_roles, require_scopes

# Elsewhere the keys come from the issuer: jwks_uri="https://issuer.example/.well-known/jwks.json"
verifier = JWTVerifier(
    public_key=Path(__file__).with_name("public.pem").read_text("utf-8"),
    issuer="https://issuer.example",
    audience="archive",
    required_scopes=["read"],
)
mcp = FastMCP("Archive", auth=verifier)
papers = {"charter": "We, the readers, ..."}


@mcp.tool
def who(ctx: Context) -> str:
    """Who calls, and what the token is good for."""
    return f"{ctx.user_info['sub']} may {ctx.user_info['scope']}"


@mcp.resource("archive://papers/{name}")
def paper(name: str) -> str:
    """A paper."""
    if name not in papers:
        raise NotFoundError(f"There is no paper {name!r}")
    return papers[name]


# Nobody else sees these two.
@mcp.tool(auth=require_scopes("write"))
def add(name: str, text: str, ctx: Context) -> str:
    """Add a paper."""
    papers[name] = f"{text} ({ctx.user_info['sub']})"
    return f"{len(papers)} papers"


@mcp.tool(auth=require_roles("admin"))
def burn(name: str) -> str:
    """Destroy a paper."""
    if papers.pop(name, None) is None:
        raise ToolError(f"There is no paper {name!r}")
    return f"{name} is gone"


if __name__ == "__main__":
    mcp.run("http", port=8000)
