"""What belongs to the request: by a function anywhere, and by a default."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from apps import call, http, messages
from starlette.middleware import Middleware
from starlette.requests import Request

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import (
    CurrentAccessToken,
    CurrentContext,
    CurrentFastMCP,
    CurrentHeaders,
    CurrentRequest,
    Depends,
    Progress,
    ProgressLike,
    TokenClaim,
)
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import (
    get_access_token,
    get_context,
    get_http_headers,
    get_http_request,
    get_server,
)


def called(function: Any, arguments: dict[str, Any] | None = None) -> Any:
    """What a tool gives that is this function, in memory."""

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(function, name="f")
        async with Client(mcp) as client:
            return (await client.call_tool("f", arguments)).data

    return asyncio.run(main())


@pytest.mark.parametrize("is_async", [True, False])
def test_the_context_and_the_server_are_at_hand(is_async: bool) -> None:
    """By function, default, annotation, and in factories: always the same ones."""

    def look(context: Context, server: FastMCP = CurrentFastMCP()) -> bool:
        return context is get_context() and server is get_server() is context.fastmcp

    def tool(
        by_annotation: Context,
        by_default: Context = CurrentContext(),
        in_annotation: Annotated[Context | None, CurrentContext()] = None,
        by_function: Any = Depends(get_context),
        in_factory: bool = Depends(look),
    ) -> bool:
        same = by_annotation is by_default is in_annotation is by_function
        return same and in_factory and look(by_default, get_server())

    async def async_tool(
        one: Context = CurrentContext(), two: Any = Depends(get_server), three: bool = Depends(look)
    ) -> bool:
        return one is get_context() and two is get_server() and three

    assert called(async_tool if is_async else tool) is True


def test_there_is_nothing_at_hand_outside_of_a_request() -> None:
    """RuntimeErrors that say so; headers and token are simply not there."""
    for read in (get_context, get_server, get_http_request):
        with pytest.raises(RuntimeError, match="No request is being served"):
            read()
    assert get_http_headers() == {}
    assert get_access_token() is None


def test_an_optional_context_is_none_outside_of_a_request() -> None:
    """A tool that is run by hand gets the default; a required context is an error."""

    async def main() -> list[Any]:
        mcp = FastMCP("x")

        @mcp.tool
        def default(ctx: Context = None) -> bool:  # type: ignore[assignment]
            return ctx is None

        @mcp.tool
        def union(ctx: Context | None) -> bool:
            return ctx is None

        @mcp.tool
        def required(ctx: Context) -> bool:
            return ctx is None

        results: list[Any] = []
        for name in ("default", "union"):
            tool = await mcp.get_tool(name)
            assert tool is not None
            results.append((await tool.run({})).structured_content)
        tool = await mcp.get_tool("required")
        assert tool is not None
        with pytest.raises(RuntimeError, match="No request is being served"):
            await tool.run({})
        return results

    assert asyncio.run(main()) == [{"result": True}] * 2


def test_without_http_there_is_no_http_request() -> None:
    """get_http_request and CurrentRequest say so; headers are empty."""

    def by_function() -> str:
        assert get_http_headers() == get_http_headers(include_all=True) == {}
        return get_http_request().url.path

    def by_default(headers: dict[str, str] = CurrentHeaders(), _: Any = CurrentRequest()) -> str:
        return "unreachable"

    for function in (by_function, by_default):
        with pytest.raises(ToolError, match="did not come over HTTP"):
            called(function)


def test_over_http_the_request_is_at_hand() -> None:
    """Its path, and its headers but for credentials and those of the message itself."""
    mcp = FastMCP("x")

    @mcp.tool
    def look(
        request: Request = CurrentRequest(), headers: dict[str, str] = CurrentHeaders()
    ) -> dict[str, Any]:
        assert get_http_request().url == request.url
        return {
            "path": request.url.path,
            "sent_on": get_http_headers(),
            "asked_for": get_http_headers(include={"Authorization", "content-type"}),
            "all": get_http_headers(include_all=True),
            "injected": headers,
        }

    credentials = {"authorization": "Bearer x", "cookie": "a=b"}
    with http(mcp, stateless_http=True) as client:
        response = client.post(
            call("look"), {"X-Tenant": "acme", "mcp-param-city": "Rome", **credentials}
        )

    [answer] = messages(response)
    seen = json.loads(answer["result"]["content"][0]["text"])
    assert seen["path"] == "/mcp"
    assert seen["sent_on"]["x-tenant"] == "acme"
    hidden = {"authorization", "cookie", "content-length", "host", "accept", "mcp-param-city"}
    assert not seen["sent_on"].keys() & hidden
    assert seen["asked_for"] == {
        **seen["sent_on"],
        "authorization": "Bearer x",
        "content-type": "application/json",
    }
    assert seen["all"].items() >= credentials.items()
    assert seen["all"].keys() >= hidden
    assert seen["injected"] == {**seen["sent_on"], **credentials}


class Authenticated:
    """ASGI middleware that puts a user into the scope, as authentication does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token = SimpleNamespace(token="t", claims={"sub": "ann", "level": 3})
        await self.app({**scope, "user": SimpleNamespace(access_token=token)}, receive, send)


def test_the_access_token_and_its_claims_are_at_hand() -> None:
    """Whole or claim by claim; a claim that is missing fails the call and names those there."""
    mcp = FastMCP("x")

    @mcp.tool
    def who(
        token: Any = CurrentAccessToken(),
        name: str = TokenClaim("sub"),
        level: str = TokenClaim("level"),
    ) -> str:
        assert get_access_token() is token
        return f"{name} {level} {token.token}"

    @mcp.tool
    async def missing(name: str = TokenClaim("email")) -> str:
        return name

    with http(mcp, stateless_http=True, middleware=[Middleware(Authenticated)]) as client:
        [known] = messages(client.post(call("who")))
        [unknown] = messages(client.post(call("missing")))

    assert known["result"]["content"][0]["text"] == "ann 3 t"
    assert unknown["result"]["isError"] is True
    assert "'email'; it has sub, level" in unknown["result"]["content"][0]["text"]


def test_without_authentication_there_is_no_token() -> None:
    """get_access_token gives None; the defaults fail the call with the reason."""

    def by_function() -> bool:
        return get_access_token() is None

    def token(it: Any = CurrentAccessToken()) -> bool:
        return True

    def claim(it: str = TokenClaim("sub")) -> bool:
        return True

    assert called(by_function) is True
    for function in (token, claim):
        with pytest.raises(ToolError, match="no access token"):
            called(function)


def test_progress_counts_and_tells_the_client() -> None:
    """Each call has its own count; what it says is what the client hears."""
    mcp = FastMCP("x")
    heard: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    @mcp.tool
    async def work(progress: Progress = Progress()) -> list[Any]:
        assert isinstance(progress, ProgressLike)
        before = [progress.current, progress.total, progress.message]
        await progress.set_total(4)
        await progress.increment()
        await progress.set_message("half")
        await progress.increment(1)
        await progress.increment(2)
        return [before, [progress.current, progress.total, progress.message]]

    async def main() -> list[Any]:
        async with Client(mcp, progress_handler=on_progress) as client:
            return [(await client.call_tool("work")).data for _ in range(2)]

    assert asyncio.run(main()) == [[[None, 1, None], [4, 4, "half"]]] * 2
    assert heard == [(0, 4, None), (1, 4, None), (2, 4, "half"), (4, 4, "half")] * 2


def test_progress_refuses_what_is_no_step() -> None:
    """A total and an amount are at least 1, and a count needs a call."""

    async def work(progress: Progress = Progress()) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            await progress.set_total(0)
        with pytest.raises(ValueError, match="at least 1"):
            await progress.increment(0)
        assert progress.current is None

    assert called(work) is None
    with pytest.raises(RuntimeError, match="that a server calls"):
        asyncio.run(Progress().increment())
