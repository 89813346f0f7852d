"""The server that is fuzzed: components that accept anything of their types and never fail.

`python fuzz/server.py` serves it on stdio, `python fuzz/server.py PORT` over HTTP.
"""

from __future__ import annotations

import sys

from fastmcp import Context, FastMCP
from fastmcp.server.subscriptions import Audience, Listener


class Impatient(Audience):
    """Ends a stream to listen on as it begins: every case is to be answered."""

    def join(self, listener: Listener) -> None:
        super().join(listener)
        listener.dismiss()


def make_server() -> FastMCP:
    """A server with each kind of component, plain and asynchronous."""
    server = FastMCP("fuzzed", "Say anything.", list_page_size=2)
    server._parts.audience = Impatient()

    @server.tool
    async def echo(text: str, times: int = 1) -> str:
        return text * max(0, min(times, 3))

    @server.tool
    async def sort(numbers: list[float], options: dict[str, bool] | None = None) -> list[str]:
        return sorted(map(str, numbers))

    @server.tool
    async def narrate(ctx: Context, steps: int = 2) -> str:
        for step in range(max(0, min(steps, 3))):
            await ctx.report_progress(step, 3, "one more step")
            await ctx.info(f"step {step}")
        return "done"

    @server.tool
    async def ask(ctx: Context) -> str:
        if ctx.input_responses:
            return str(sorted(ctx.input_responses))
        await ctx.set_state("asked", await ctx.get_state("asked", 0) + 1)
        return str(await ctx.list_roots())

    @server.tool
    def length(text: str) -> int:
        return len(text)

    @server.resource("data://one")
    async def one() -> str:
        return "1"

    @server.resource("data://item/{name}")
    async def item(name: str) -> str:
        return name

    @server.resource("tree://{path*}{?depth}")
    async def tree(path: str, depth: int = 0) -> bytes:
        return f"{path} {depth}".encode()

    @server.prompt
    async def greet(name: str, times: int = 1) -> str:
        return f"Greet {name}, {times} times over."

    return server


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make_server().run("http", port=int(sys.argv[1]), uvicorn_config={"access_log": False})
    else:
        make_server().run("stdio")
