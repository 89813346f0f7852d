"""The web application: the page, what it asks for, and the stream of what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import DecodeError, Struct, json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from fastmcp.exceptions import FastMCPError

from .access import Doorkeeper, Tokens
from .actions import ACTIONS
from .inspector import Inspector

PAGE = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src data: blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
LONGEST_TOKEN = 1024
"""How many bytes are read of a request that shows a token, which anybody can send."""
COMMON = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class _Token(Struct):
    token: str


def make_app(inspector: Inspector, tokens: Tokens) -> Starlette:
    """The application of an inspector, which is connected while it runs."""
    files = {
        f"/{path.relative_to(PAGE).as_posix()}": path
        for path in PAGE.rglob("*")
        if path.suffix in KINDS
    }

    async def page(request: Request) -> Response:
        path = files.get("/index.html" if request.url.path == "/" else request.url.path)
        if path is None:
            return PlainTextResponse("There is no such page", 404)
        headers = {**COMMON, "content-security-policy": POLICY}
        return Response(path.read_bytes(), headers=headers, media_type=KINDS[path.suffix])

    async def frame(request: Request) -> Response:
        found = inspector.frames.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("This app is no longer shown", 404)
        html, policy = found
        headers = {**COMMON, "content-security-policy": policy}
        return Response(html, headers=headers, media_type=KINDS[".html"])

    async def enter(request: Request) -> Response:
        try:
            given = json.decode(await _short_body(request), type=_Token)
        except (DecodeError, UnicodeError, RecursionError):
            return PlainTextResponse("No token was given", 400)
        key = tokens.exchange(given.token)
        if key is None:
            return PlainTextResponse("This link was used, or is of another run", 401)
        return _answer({"key": key})

    async def events(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return PlainTextResponse("after= is the number of an event", 400)
        stream = inspector.journal.follow(int(after), inspector.snapshot)
        return StreamingResponse(stream, headers=COMMON, media_type="text/event-stream")

    async def act(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return PlainTextResponse("The body has to be application/json", 415)
        kind = ACTIONS.get(request.path_params["action"])
        if kind is None:
            return PlainTextResponse("There is no such action", 404)
        try:
            action = json.decode(await request.body(), type=kind)
            return _answer(await action.act(inspector))
        except (FastMCPError, ValueError) as error:
            return PlainTextResponse(str(error), 400)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await inspector.start()
        try:
            yield
        finally:
            await inspector.stop()

    return Starlette(
        routes=[
            Route("/api/enter", enter, methods=["POST"]),
            Route("/api/events", events),
            Route("/api/{action}", act, methods=["POST"]),
            Route("/app/{name}", frame),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(Doorkeeper, tokens)],
        lifespan=lifespan,
    )


async def _short_body(request: Request) -> bytes:
    """The body of a request; nothing of one that is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_TOKEN:
            return b""
    return body


def _answer(value: object) -> Response:
    return Response(json.encode(value), headers=COMMON, media_type="application/json")
