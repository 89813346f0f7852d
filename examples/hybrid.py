"""A FastAPI application with an MCP server in it, and one service behind both.

    pip install . fastapi
    API_KEY=secret uvicorn --app-dir examples hybrid:app

`GET /films/{title}` is the API, `/mcp` the MCP endpoint. What concerns every request stands around
both of them, as ASGI middleware of the application: figures, CORS, limits and the key. What
concerns tool calls alone is middleware of the server.
"""

import asyncio
import hmac
import os
import time
from collections import Counter
from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.middleware import Middleware as ASGIMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import Middleware

ORIGINS = os.environ.get("ORIGINS", "https://app.example").split(",")
API_KEY = os.environ["API_KEY"]
REQUESTS_A_MINUTE = int(os.environ.get("REQUESTS_A_MINUTE", "600"))
CALLS_AT_A_TIME = 8


class Films:
    """The service: it looks films up slowly, and remembers them for all of its users."""

    def __init__(self) -> None:
        self.lookups = 0
        self._known: dict[str, dict[str, Any]] = {}

    async def find(self, title: str) -> dict[str, Any]:
        if title not in self._known:
            self.lookups += 1
            await asyncio.sleep(0.01)
            if not title.isalpha():
                raise KeyError(title)
            poster = f"https://media.example/posters/{title.lower()}.jpg"
            self._known[title] = {"title": title, "media": {"poster": poster}}
        return self._known[title]


films = Films()
figures: Counter[str] = Counter()


class Counted:
    """Counts requests by their status."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counting(message: Any) -> None:
            if message["type"] == "http.response.start":
                figures[f"http {message['status']}"] += 1
            await send(message)

        await self.app(scope, receive, counting)


class Limited:
    """So many requests a minute for each client address."""

    def __init__(self, app: Any, a_minute: int) -> None:
        self.app = app
        self.a_minute = a_minute
        self._minute = 0
        self._seen: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        client = scope["client"][0] if scope["client"] else ""
        self._seen[client] += 1
        app = self.app
        if self._seen[client] > self.a_minute:
            app = JSONResponse({"detail": "Too many requests"}, 429, {"Retry-After": "60"})
        await app(scope, receive, send)


class Keyed:
    """Lets in who has the key; whether the service lives, everybody may know."""

    def __init__(self, app: Any, key: str) -> None:
        self.app = app
        self.key = key.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        app = self.app
        private = scope["type"] == "http" and scope["path"] != "/health"
        if private and not self._opens(dict(scope["headers"]).get(b"authorization", b"")):
            challenge = {"WWW-Authenticate": "Bearer"}
            app = JSONResponse({"detail": "The key is missing"}, 401, challenge)
        await app(scope, receive, send)

    def _opens(self, authorization: bytes) -> bool:
        scheme, _, key = authorization.partition(b" ")
        # Not ==, which takes longer the more of the key is right.
        return scheme.lower() == b"bearer" and hmac.compare_digest(key.strip(), self.key)


class Calls(Middleware):
    """Counts tool calls by their outcome, and lets a few of them run at a time."""

    def __init__(self, at_a_time: int) -> None:
        self._room = asyncio.Semaphore(at_a_time)

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        name = context.message.name
        if self._room.locked():
            figures[f"{name} refused"] += 1
            raise ToolError("Too many calls at a time; try again")
        async with self._room:
            try:
                result = await call_next(context)
            except Exception:
                figures[f"{name} failed"] += 1
                raise
        figures[f"{name} answered"] += 1
        return result


mcp = FastMCP("Films", middleware=[Calls(CALLS_AT_A_TIME)])


@mcp.tool
async def find_film(title: str) -> dict[str, Any]:
    """Find a film, with the address of its poster."""
    try:
        return await films.find(title)
    except KeyError:
        raise ToolError(f"There is no film {title!r}") from None


@mcp.tool
def release() -> str:
    """Which release of the application this is."""
    return app.state.release


mcp_app = mcp.http_app(path="/", allowed_origins=ORIGINS)
app = FastAPI(
    title="Films",
    lifespan=mcp_app.lifespan,
    middleware=[
        ASGIMiddleware(Counted),
        ASGIMiddleware(
            CORSMiddleware,
            allow_origins=ORIGINS,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["mcp-session-id"],
        ),
        ASGIMiddleware(Limited, a_minute=REQUESTS_A_MINUTE),
        ASGIMiddleware(Keyed, key=API_KEY),
    ],
)
app.state.release = "2026.11"
app.mount("/mcp", mcp_app)


@app.get("/films/{title}")
async def film(title: str) -> dict[str, Any]:
    try:
        return await films.find(title)
    except KeyError:
        raise HTTPException(404, f"There is no film {title!r}") from None


@app.get("/figures")
async def all_figures() -> dict[str, int]:
    return dict(figures)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy" if mcp.lifespan.running else "starting"}
