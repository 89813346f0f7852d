"""Sessions: whose they are, what one client can do to another, and what they cost."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from apps import (
    BOTH,
    HANDSHAKE,
    Mcp,
    call,
    enveloped,
    http,
    initialize,
    messages,
    modern_headers,
    request,
)

from fastmcp import Client, Context, FastMCP
from fastmcp.server.auth import AccessToken, MultiAuth, TokenVerifier

CLIENTS = 8
ROUNDS = 15

seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture(scope="module")
def base() -> Generator[str]:
    """A server whose tools tell of their callers."""
    mcp = FastMCP("shared")

    @mcp.tool
    async def echo(text: str) -> str:
        await asyncio.sleep(0.001)
        return text

    @mcp.tool
    async def remember(ctx: Context, text: str) -> str:
        await ctx.set_state("text", text)
        return text

    @mcp.tool
    async def recall(ctx: Context) -> str:
        return str(await ctx.get_state("text"))

    @mcp.resource("note://{text}")
    def note(text: str) -> str:
        return text

    @mcp.tool
    def leave_in_thread(text: str) -> str:
        before = seen.get()
        seen.set(text)
        return before

    @mcp.tool
    async def leave(text: str) -> str:
        before = seen.get()
        seen.set(text)
        return before

    with http(mcp) as client:
        yield client.base


def text_of(answer: Any) -> str:
    return answer["result"]["content"][0]["text"]


@pytest.mark.parametrize("era", ["handshake", "modern", "one session"])
def test_cve_2026_25536_equal_ids_never_cross(base: str, era: str) -> None:
    """Clients that all call their requests the same get each its own answer."""
    with Mcp(base) as opener:
        shared = opener.open()

    def converse(number: int) -> list[str]:
        with Mcp(base) as client:
            own = client.open() if era == "handshake" else shared
            answers: list[str] = []
            for round in range(ROUNDS):
                # In one session an id may be used once at a time, and each client has its own.
                message = call(
                    "echo", number if era == "one session" else 1, text=f"{number}-{round}"
                )
                answer = client.modern(message) if era == "modern" else client.post(message, own)
                answers.append(text_of(messages(answer)[-1]))
            return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(converse, range(CLIENTS)))

    assert found == [[f"{number}-{round}" for round in range(ROUNDS)] for number in range(CLIENTS)]


def test_cve_2025_6515_session_ids_cannot_be_guessed(base: str) -> None:
    """Each has 128 bits of chance or more, and nothing in common with the one before it."""
    with Mcp(base) as client:
        ids = [client.open()["mcp-session-id"] for _ in range(64)]

    assert len(set(ids)) == len(ids)
    assert min(len(id) for id in ids) >= 32
    for digits in zip(*ids, strict=True):
        assert len(set(digits)) > 6  # of 16; fewer come of 64 once in a million


def test_cve_2026_19516_the_form_of_an_id_proves_nothing(base: str) -> None:
    """An id that looks like one, and one that is over, are unknown."""
    with Mcp(base) as client:
        real = client.open()
        made_up = {**real, "mcp-session-id": "0" * len(real["mcp-session-id"])}
        assert client.post(request("ping"), made_up).status_code == 404
        assert client.client.delete(client.url, headers=real).status_code in (200, 204)
        assert client.post(request("ping"), real).status_code == 404


def test_state_of_one_session_is_not_that_of_another(base: str) -> None:
    """Also where clients come over one connection, as they do behind a proxy."""
    with Mcp(base) as client:
        first, second = client.open(), client.open()
        client.post(call("remember", 1, text="first's"), first)
        assert text_of(messages(client.post(call("recall"), first))[-1]) == "first's"
        assert text_of(messages(client.post(call("recall"), second))[-1]) == "None"
        assert text_of(messages(client.post(call("recall")))[-1]) == "None"


async def test_the_level_of_one_clients_log_is_no_others() -> None:
    """Who wants to hear less does not silence what others hear."""
    mcp = FastMCP("logging")

    @mcp.tool
    async def tell(ctx: Context) -> None:
        await ctx.info("told")

    async def heard(level: str | None) -> list[str]:
        texts: list[str] = []

        async def hear(message: Any) -> None:
            texts.append(message.level)

        async with Client(mcp, mode="legacy", log_handler=hear) as client, other:
            if level is not None:
                await client.set_logging_level(level)
            await client.call_tool("tell")
        return texts

    other = Client(mcp, mode="legacy")
    assert await heard("error") == []
    assert await heard(None) == ["info"]


@pytest.mark.parametrize("tool", ["leave", "leave_in_thread"])
@pytest.mark.parametrize("era", ["handshake", "modern", "sessionless"])
def test_context_variables_end_with_their_request(base: str, tool: str, era: str) -> None:
    """What one request leaves in one is seen by no other, in threads neither."""
    with Mcp(base) as client:
        session = client.open() if era == "handshake" else None
        for number in range(12):
            message = call(tool, 1, text=f"left by {number}")
            answer = client.modern(message) if era == "modern" else client.post(message, session)
            assert text_of(messages(answer)[-1]) == "nothing"


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "said",
    [
        {"capabilities": {"experimental": {"a": {"b": LONG}}}},
        {"capabilities": {f"c{n}": {} for n in range(20_000)}},
        {"clientInfo": {"name": LONG, "version": "1"}},
        {"clientInfo": {"name": "x", "version": "1", "icons": [{"src": f"data:{LONG}"}]}},
    ],
)
def test_what_a_client_says_of_itself_is_kept_in_bounds(base: str, said: dict[str, Any]) -> None:
    """It takes room for as long as its session, and many times its own on the wire."""
    hello = initialize()
    hello["params"] |= said

    with Mcp(base) as client:
        answer = client.post(hello)
        assert answer.json()["error"]["code"] == -32602
        assert "65536" in answer.json()["error"]["message"]
        assert "mcp-session-id" not in answer.headers
        hello["params"] = initialize()["params"] | {"_meta": {"note": "x" * 1000}}
        assert client.post(hello).status_code == 200


def test_what_a_client_watches_is_kept_in_bounds(base: str) -> None:
    """In number, and in length: by subscriptions, and by what a modern client listens for."""
    watching = {"resourceSubscriptions": [f"note://{LONG}"]}

    with Mcp(base) as client:
        session = client.open()
        for uri, kept in (("note://a", True), (f"note://{LONG}", False)):
            answer = client.post(request("resources/subscribe", uri=uri), session)
            assert ("result" in messages(answer)[-1]) == kept
        answer = client.modern(request("subscriptions/listen", notifications=watching))
        assert "at most 4096" in messages(answer)[-1]["error"]["message"]


async def test_cve_2026_59951_sessions_that_end_leave_nothing() -> None:
    """Thousands of them, ended by their clients or for having been idle, cost no memory."""
    mcp = FastMCP("many")
    app = mcp.http_app(session_idle_timeout=1)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        await opened(client, 100)
        gc.collect()
        tracemalloc.start()
        try:
            await opened(client, 300)
            async with asyncio.timeout(20):
                while len(app.state.mcp_endpoint.sessions):
                    await asyncio.sleep(0.02)
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert grown < 100_000


async def opened(client: httpx2.AsyncClient, number: int) -> None:
    """So many sessions, every other of which is ended at once."""
    headers = {"accept": BOTH, "mcp-protocol-version": HANDSHAKE}
    for count in range(number):
        answer = await client.post("/mcp", json=initialize(), headers=headers)
        assert answer.status_code == 200
        if count % 2:
            id = answer.headers["mcp-session-id"]
            ended = await client.delete("/mcp", headers={**headers, "mcp-session-id": id})
            assert ended.status_code in (200, 204)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/cancel", "tasks/result", "tasks/list"])
def test_cve_2026_52870_there_is_no_task_to_be_had_by_its_id(base: str, method: str) -> None:
    """A server without tools that run as tasks has no method of tasks."""
    with Mcp(base) as client:
        message = request(method, 1, taskId="786512e2-9e0d-44bd-8f29-789f320fe840")
        answer = client.post(message, client.open()).json()
        named = {**modern_headers(message), "mcp-name": message["params"]["taskId"]}
        modern = client.post(enveloped(message), named).json()

    assert answer["error"]["code"] == modern["error"]["code"] == -32601


class OfOneProvider(TokenVerifier):
    """Knows one token, of the user that has the number 123 there, as providers do whose tokens say
    nothing of an issuer.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    async def verify_token(self, token: str) -> AccessToken | None:
        if token != self._token:
            return None
        return AccessToken(
            token=token, client_id="123", scopes=[], subject="123", claims={"sub": "123"}
        )


@pytest.mark.parametrize("named", [True, False])
def test_users_of_two_providers_are_two_though_they_have_one_number(named: bool) -> None:
    """What is kept for one is not the other's."""
    one, other = OfOneProvider("one-token"), OfOneProvider("other-token")
    auth = MultiAuth(verifiers={"one": one, "other": other} if named else [one, other])
    with http(FastMCP("both", auth=auth)) as client:
        first = {"authorization": "Bearer one-token"}
        opened = client.post(initialize(), first)
        session = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "mcp-protocol-version": HANDSHAKE,
        }
        assert client.post(request("ping"), {**first, **session}).status_code == 200
        second = {"authorization": "Bearer other-token"}
        assert client.post(request("ping"), {**second, **session}).status_code == 404
