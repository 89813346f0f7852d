"""The state of a request between its rounds: only what this server sealed, for this request."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx2
import pytest
from apps import BOTH, CAPABILITIES_KEY, enveloped, modern_headers, request

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.inputs.request_state import RequestStateSecurity

KEY, OTHER, THIRD = "k" * 32, "o" * 32, "t" * 32
ROOTS = {"roots": [{"uri": "file:///work"}]}


class Token:
    """What an authentication layer knows of a caller."""

    def __init__(self, name: str) -> None:
        self.client_id = name
        self.claims = {"sub": name}


class User:
    """A caller, as ASGI has it in `scope["user"]`."""

    def __init__(self, name: str) -> None:
        self.access_token = Token(name)


class Served:
    """A server reached by HTTP requests in this process; `x-user` names the caller."""

    def __init__(self, mcp: FastMCP) -> None:
        self.mcp = mcp
        self._inner = mcp.http_app()
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self._app), base_url="http://127.0.0.1"
        )

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        user = dict(scope["headers"]).get(b"x-user")
        if user is not None:
            scope = {**scope, "user": User(user.decode())}
        await self._inner(scope, receive, send)

    async def ask(self, method: str, params: dict[str, Any], user: str | None = None) -> Any:
        """The answer to a modern request, as JSON."""
        message = enveloped(request(method, 1, **params), **{CAPABILITIES_KEY: {"roots": {}}})
        headers = {**modern_headers(message), "accept": BOTH}
        if user is not None:
            headers["x-user"] = user
        return (await self.client.post("/mcp", json=message, headers=headers)).json()


@contextlib.asynccontextmanager
async def served(mcp: FastMCP) -> AsyncGenerator[Served]:
    """The server, in its lifespan."""
    async with mcp.lifespan.use():
        reached = Served(mcp)
        async with reached.client:
            yield reached


def server(
    runs: list[str] | None = None, name: str = "x", security: RequestStateSecurity | None = None
) -> FastMCP:
    """A server whose functions ask for roots before anything counts as run."""
    mcp = FastMCP(name, request_state_security=security)
    seen = [] if runs is None else runs

    async def asked(ctx: Context, what: str) -> str:
        seen.append(f"begun {what}")
        uri = (await ctx.list_roots())[0].uri
        return f"{what} {uri}"

    @mcp.tool
    async def ask(ctx: Context, item: str = "a", data: dict[str, int] | None = None) -> str:
        return await asked(ctx, f"ask {item}")

    @mcp.tool
    async def erase(ctx: Context, item: str = "a") -> str:
        return await asked(ctx, f"erase {item}")

    @mcp.prompt(name="ask")
    async def prompt(ctx: Context, item: str = "a") -> str:
        return await asked(ctx, f"prompt {item}")

    return mcp


def tool(name: str = "ask", /, **arguments: Any) -> dict[str, Any]:
    """Parameters of a call."""
    return {"name": name, "arguments": arguments}


def answered(params: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the next round."""
    responses = dict.fromkeys(result["inputRequests"], ROOTS)
    return {**params, "inputResponses": responses, "requestState": result["requestState"]}


def is_refused(answer: dict[str, Any]) -> bool:
    """Whether the state was: with a text that says nothing of why."""
    return answer.get("error") == {
        "code": -32602,
        "message": "Invalid or expired requestState",
    }


def mutations(states: Sequence[str], count: int) -> list[str]:
    """As many texts that nobody sealed, from some that were."""
    chance = random.Random(2026)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    made: list[str] = []
    while len(made) < count:
        state, other = chance.sample(states, 2)
        at = chance.randrange(len(state))
        kind = len(made) % 6
        if kind == 0:  # one bit of the bytes
            raw = bytearray(base64.urlsafe_b64decode(state[3:] + "=" * (-len(state[3:]) % 4)))
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            changed = state[:3] + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
        elif kind == 1:  # one character of the text
            changed = state[:at] + chance.choice(alphabet) + state[at + 1 :]
        elif kind == 2:
            changed = state[:at]
        elif kind == 3:  # the head of one, the tail of another
            changed = state[:at] + other[at:]
        elif kind == 4:
            changed = state[:at] + chance.choice(["=", " ", "\n", "é", "A", "\0"]) + state[at:]
        else:
            changed = "".join(chance.choices(alphabet, k=at)) if at % 2 else state + state
        if changed not in states:
            made.append(changed)
    return made


def test_ten_thousand_changed_states_are_refused_and_nothing_runs() -> None:
    """Bits, characters, pieces, and two spliced into one."""

    async def main() -> None:
        runs: list[str] = []
        async with served(server(runs)) as reached:
            first = [(await reached.ask("tools/call", tool(item="a")))["result"] for _ in range(8)]
            begun = len(runs)
            honest = answered(tool(item="a"), first[0])
            for state in mutations([result["requestState"] for result in first], 10_000):
                answer = await reached.ask("tools/call", {**honest, "requestState": state})
                assert is_refused(answer), (state, answer)
            assert len(runs) == begun
            done = await reached.ask("tools/call", honest)
            assert done["result"]["content"][0]["text"] == "ask a file:///work"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "params", "user"),
    [
        ("tools/call", tool(item="a"), "bob"),
        ("tools/call", tool(item="a"), None),
        ("tools/call", tool(item="b"), "ann"),
        ("tools/call", tool(), "ann"),
        ("tools/call", tool(item="a", data={"n": 1}), "ann"),
        ("tools/call", tool("erase", item="a"), "ann"),
        ("prompts/get", {"name": "ask", "arguments": {"item": "a"}}, "ann"),
        ("tools/call", {**tool(item="a"), "_meta": {"fastmcp": {"version": "2"}}}, "ann"),
    ],
    ids=["caller", "nobody", "value", "missing", "more", "tool", "method", "version"],
)
def test_state_serves_only_the_request_that_it_was_sealed_for(
    method: str, params: dict[str, Any], user: str | None
) -> None:
    """Its caller, method, target and arguments are those of the first round."""

    async def main() -> None:
        runs: list[str] = []
        async with served(server(runs)) as reached:
            first = (await reached.ask("tools/call", tool(item="a"), "ann"))["result"]
            begun = len(runs)
            meta = params.pop("_meta", {})
            message = enveloped(request(method, 1, **answered(params, first)), **meta)
            message["params"]["_meta"][CAPABILITIES_KEY] = {"roots": {}}
            headers = {**modern_headers(message), "accept": BOTH}
            headers |= {} if user is None else {"x-user": user}
            answer = (await reached.client.post("/mcp", json=message, headers=headers)).json()

            assert is_refused(answer) and len(runs) == begun
            mine = await reached.ask("tools/call", answered(tool(item="a"), first), "ann")
            assert mine["result"]["resultType"] == "complete"

    asyncio.run(main())


def test_the_order_of_members_is_no_part_of_the_arguments() -> None:
    """A client may write the same object in another order."""

    async def main() -> None:
        async with served(server()) as reached:
            params = tool(item="a", data={"n": 1, "m": 2})
            first = (await reached.ask("tools/call", params))["result"]
            turned = {"arguments": {"data": {"m": 2, "n": 1}, "item": "a"}, "name": "ask"}
            answer = await reached.ask("tools/call", answered(turned, first))

            assert answer["result"]["resultType"] == "complete"

    asyncio.run(main())


def test_old_state_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time that a round has."""
    now = [1000.0]
    monkeypatch.setattr("fastmcp.server.inputs.request_state.time.time", lambda: now[0])

    async def main() -> None:
        runs: list[str] = []
        security = RequestStateSecurity(keys=[KEY], ttl=60)
        async with served(server(runs, security=security)) as reached:
            first = (await reached.ask("tools/call", tool()))["result"]
            now[0] += 61
            assert is_refused(await reached.ask("tools/call", answered(tool(), first)))
            now[0] -= 2
            done = await reached.ask("tools/call", answered(tool(), first))
            assert done["result"]["resultType"] == "complete" and len(runs) == 2

    asyncio.run(main())


def keyed(*keys: str, **options: Any) -> RequestStateSecurity:
    """What seals by the first of some keys."""
    return RequestStateSecurity(keys=keys, **options)


@pytest.mark.parametrize(
    ("sealing", "unsealing", "accepted"),
    [
        (keyed(KEY), keyed(KEY), True),
        (keyed(KEY), keyed(OTHER), False),
        (keyed(KEY), keyed(OTHER, KEY), True),
        (keyed(KEY, OTHER), keyed(OTHER, THIRD), False),
        (keyed(KEY), keyed(KEY, audience="billing"), False),
        (RequestStateSecurity.ephemeral(), RequestStateSecurity.ephemeral(), False),
    ],
    ids=["same", "other", "rotated", "only-the-first-seals", "audience", "ephemeral"],
)
def test_servers_that_share_a_key_continue_each_others_rounds(
    sealing: RequestStateSecurity, unsealing: RequestStateSecurity, accepted: bool
) -> None:
    """And no others."""

    async def main() -> None:
        runs: list[str] = []
        async with (
            served(server(security=sealing)) as one,
            served(server(runs, security=unsealing)) as other,
        ):
            first = (await one.ask("tools/call", tool()))["result"]
            answer = await other.ask("tools/call", answered(tool(), first))

            assert is_refused(answer) is not accepted
            assert runs == (["begun ask a"] if accepted else [])

    asyncio.run(main())


def test_servers_of_other_names_refuse_the_state_even_with_the_same_key() -> None:
    """Unless they have an audience in common."""

    async def main(**options: Any) -> bool:
        async with (
            served(server(name="one", security=keyed(KEY, **options))) as one,
            served(server(name="two", security=keyed(KEY, **options))) as two,
        ):
            first = (await one.ask("tools/call", tool()))["result"]
            return is_refused(await two.ask("tools/call", answered(tool(), first)))

    assert asyncio.run(main()) and not asyncio.run(main(audience="both"))


def test_the_state_says_nothing_to_the_client() -> None:
    """What a step gave stays the server's."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        await ctx.once("secret", lambda: "hunter2-hunter2-hunter2")
        return str(await ctx.list_roots())

    async def main() -> None:
        async with served(mcp) as reached:
            state: str = (await reached.ask("tools/call", tool()))["result"]["requestState"]
            raw = base64.urlsafe_b64decode(state[3:] + "=" * (-len(state[3:]) % 4))
            assert b"hunter2" not in raw and b"roots" not in raw

    asyncio.run(main())


def test_a_state_that_would_be_too_large_is_an_error_that_says_so() -> None:
    """And one that comes in too large is refused unread."""
    mcp = FastMCP("x", request_state_security=keyed(KEY, max_size=2000))

    @mcp.tool
    async def ask(ctx: Context, size: int) -> str:
        await ctx.once("much", lambda: "x" * size)
        return str(await ctx.list_roots())

    async def main() -> None:
        async with served(mcp) as reached:
            small = (await reached.ask("tools/call", tool(size=1)))["result"]
            large = await reached.ask("tools/call", tool(size=3000))
            padded = {**answered(tool(size=1), small), "requestState": "v1." + "A" * 2000}

            assert "max_size" in large["error"]["message"]
            assert is_refused(await reached.ask("tools/call", padded))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"keys": ["short"]}, "at least 32 bytes"),
        ({"keys": []}, "at least one key"),
        ({"keys": [32]}, "bytes or text"),
        ({}, "either keys= or codec="),
        ({"keys": [KEY], "ttl": 0}, "more than 0"),
    ],
)
def test_what_cannot_protect_is_refused_when_it_is_made(
    options: dict[str, Any], problem: str
) -> None:
    """With the cure."""
    with pytest.raises(ConfigurationError, match=problem):
        RequestStateSecurity(**options)


def test_the_official_packages_settings_are_taken() -> None:
    """A codec by its shape."""
    from mcp.server.request_state import RequestStateSecurity as Official

    async def main() -> None:
        mcp = FastMCP("x", request_state_security=Official(keys=[KEY]))  # type: ignore[arg-type]

        @mcp.tool
        async def ask(ctx: Context) -> str:
            return (await ctx.list_roots())[0].uri

        async with served(mcp) as reached:
            first = (await reached.ask("tools/call", tool()))["result"]
            done = await reached.ask("tools/call", answered(tool(), first))
            assert done["result"]["content"][0]["text"] == "file:///work"

    asyncio.run(main())
