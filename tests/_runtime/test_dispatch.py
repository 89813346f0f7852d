"""The one dispatch site: from raw parameters to an encoded answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from msgspec import Raw

from fastmcp._protocol.eras import Sender
from fastmcp._runtime.dispatch import Answer, Dispatcher, Hints, Route
from fastmcp._runtime.exchange import Exchange
from fastmcp._runtime.interruption import interrupt
from fastmcp.exceptions import McpError
from fastmcp.wire.features import CallToolResult, ListToolsResult, Tool
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.methods import METHODS
from fastmcp.wire.revisions import R2024_11_05, R2025_03_26, R2025_11_25, R2026_07_28, Revision
from fastmcp.wire.shapes import META_SERVER_INFO, EmptyResult

SECONDS = 5


class Abort(BaseException):
    """No `Exception`, as some libraries have it for what nobody should swallow."""


INFO = {"name": "server", "version": "1"}
current: ContextVar[str] = ContextVar("current")


class Mailbox:
    """A peer that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Any]] = []

    async def send(self, message: bytes, related: Any) -> None:
        self.sent.append((json.loads(message), related))

    async def request(self, method: str, params: Any, related: Any) -> Raw:
        raise NotImplementedError

    def release(self, related: Any) -> None:
        pass


def exchange(
    method: str, params: Any = None, revision: Revision = R2025_11_25, peer: Any = None
) -> Callable[[], Exchange]:
    """How to make, in a running loop, a request of a client that can do nothing."""
    raw = params if isinstance(params, bytes) else json.dumps(params or {}).encode()

    def arrive() -> Exchange:
        return Exchange(
            "id",
            method,
            Raw(raw),
            sender=Sender(revision, ClientCapabilities()),
            peer=peer or Mailbox(),
            transport="memory",
        )

    return arrive


async def give(context: Any, params: Any, value: Any) -> Any:
    """A handler's stand-in."""
    return value


def dispatcher(method: str, act: Any, *, masked: bool = False, **hints: Any) -> Dispatcher[str]:
    """Serves one method; contexts are the methods' names."""
    route = Route(METHODS[method], act, lambda context, params, outcome: outcome)
    return Dispatcher(
        {method: route},
        lambda exchange: exchange.method,
        current,
        Hints(INFO, **hints),
        masked=masked,
    )


def answer(
    served: Dispatcher[Any], request: Callable[[], Exchange]
) -> tuple[dict[str, Any], Answer]:
    """The answer as the peer reads it, and as it is."""

    async def bounded() -> Answer:
        async with asyncio.timeout(SECONDS):
            return await served.answer(request())

    found = asyncio.run(bounded())
    message = json.loads(found.body)
    assert message["jsonrpc"] == "2.0" and message["id"] == "id"
    return message, found


def returning(value: Any) -> Any:
    """A handler that returns this."""

    async def act(context: Any, params: Any) -> Any:
        return value

    return act


def raising(fault: BaseException) -> Any:
    """A handler that raises this."""

    async def act(context: Any, params: Any) -> Any:
        raise fault

    return act


def test_parameters_are_decoded_for_the_handler() -> None:
    """To the method's own type; the context is current meanwhile, and only then."""
    seen: list[Any] = []

    async def act(context: str, params: Any) -> Any:
        seen.extend((context, current.get(), params.name, bytes(params.arguments)))
        return CallToolResult()

    params = {"name": "echo", "arguments": {"a": 1}}
    message, found = answer(dispatcher("tools/call", act), exchange("tools/call", params))

    assert seen == ["tools/call", "tools/call", "echo", b'{"a": 1}']
    assert message["result"] == {"content": []} and found.error is None
    assert current.get(None) is None


def test_the_context_ends_with_a_request_that_fails() -> None:
    """The next one does not see it."""
    served = dispatcher("ping", raising(ValueError()))

    async def scenario() -> None:
        await served.answer(exchange("ping")())
        assert current.get(None) is None

    asyncio.run(scenario())


def test_render_makes_the_result_of_what_the_chain_returned() -> None:
    """With the context and the parameters at hand."""
    route = Route(
        METHODS["tools/call"],
        returning("hello"),
        lambda context, params, outcome: CallToolResult(
            content=[], structured_content={"said": f"{context} {params.name} {outcome}"}
        ),
    )
    served: Dispatcher[str] = Dispatcher(
        {"tools/call": route}, lambda exchange: "context", current, Hints(INFO), masked=False
    )

    message, _ = answer(served, exchange("tools/call", {"name": "t"}))

    assert message["result"]["structuredContent"] == {"said": "context t hello"}


# What cannot be served


@pytest.mark.parametrize(
    ("method", "revision", "said"),
    [
        ("none/such", R2025_11_25, "Method not found: none/such"),
        ("tools/call", R2025_11_25, "tools/call"),
        ("ping", R2026_07_28, "in 2026-07-28: ping"),
        ("notifications/initialized", R2025_11_25, "notifications/initialized"),
    ],
)
def test_a_method_that_is_not_served_is_not_found(
    method: str, revision: Revision, said: str
) -> None:
    """Unknown, not routed, or not of this revision; the data names it."""
    served = dispatcher("ping", returning(EmptyResult()))

    message, found = answer(served, exchange(method, revision=revision))

    assert message["error"]["code"] == -32601 and said in message["error"]["message"]
    assert message["error"]["data"] == {"method": method}
    assert found.error is not None and found.error.code == -32601


@pytest.mark.parametrize(
    "params",
    [
        b"{}",
        b'{"name":5}',
        b'{"name":null}',
        b'{"name":"x","arguments":[]',
        b'{"name":"\\ud800"}',
        b'{"name":"\xff"}',
        b'{"name":' + b"9" * 5000 + b"}",
        b'{"name":"x","_meta":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        b'{"name":"x","inputResponses":1e999}',
        b"[]",
        b"null",
    ],
)
def test_parameters_that_do_not_fit_are_invalid(params: bytes) -> None:
    """Of whatever kind the misfit is; the text names the method."""
    served = dispatcher("tools/call", returning(CallToolResult()))

    message, _ = answer(served, exchange("tools/call", params))

    assert message["error"]["code"] == -32602
    assert message["error"]["message"].startswith("Invalid params for tools/call")


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        (McpError(code=7, message="said"), 7, "said"),
        (ValueError("why"), -32603, "Internal error: why"),
        (SystemExit("why"), -32603, "Internal error: why"),
        (asyncio.CancelledError("why"), -32603, "Internal error: why"),
        (Abort("why"), -32603, "Internal error: why"),
        (
            BaseExceptionGroup("why", [asyncio.CancelledError()]),
            -32603,
            "Internal error: why (1 sub-exception)",
        ),
    ],
)
def test_a_handler_that_raises_is_answered(fault: BaseException, code: int, text: str) -> None:
    """Whatever it raises by itself."""
    message, found = answer(dispatcher("ping", raising(fault)), exchange("ping"))

    assert message["error"] == {"code": code, "message": text}
    assert found.error is not None and found.error.code == code


def test_masking_hides_what_was_not_meant_for_the_peer() -> None:
    """The rest is said."""
    hidden, _ = answer(
        dispatcher("ping", raising(ValueError("why")), masked=True), exchange("ping")
    )
    said, _ = answer(
        dispatcher("ping", raising(McpError(code=7, message="why")), masked=True), exchange("ping")
    )

    assert (hidden["error"]["message"], said["error"]["message"]) == ("Internal error", "why")


def test_a_request_that_is_cancelled_is_not_answered() -> None:
    """The cancellation goes on to whoever runs it."""

    async def scenario() -> None:
        begun = asyncio.Event()

        async def act(context: Any, params: Any) -> Any:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(dispatcher("ping", act).answer(exchange("ping")()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


def test_a_program_that_is_interrupted_ends() -> None:
    """CTRL+C amid a handler is no answer."""
    with pytest.raises(KeyboardInterrupt):
        answer(dispatcher("ping", raising(KeyboardInterrupt())), exchange("ping"))


def test_a_cancellation_that_a_handler_puts_into_a_group_is_one() -> None:
    """A deadline that passes is told as such, whatever the handler makes of being cancelled."""

    async def act(context: Any, params: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            raise BaseExceptionGroup("several", [cancelled]) from None

    async def scenario() -> Answer:
        return await dispatcher("ping", act).within(0.01)(exchange("ping")())

    found = asyncio.run(asyncio.wait_for(scenario(), SECONDS))
    assert found.error is not None and "took longer" in found.error.message


def test_an_answer_that_waits_for_its_notifications_survives_the_end_of_the_server() -> None:
    """What the function gave is said, and not that it was interrupted."""

    async def scenario() -> Answer:
        sending = asyncio.Event()

        class Stuck(Mailbox):
            async def send(self, message: bytes, related: Any) -> None:
                sending.set()
                await asyncio.Event().wait()

        one = exchange("ping", peer=Stuck())()

        async def act(context: Any, params: Any) -> Any:
            one.post("notifications/message", {})
            return EmptyResult()

        task = asyncio.ensure_future(dispatcher("ping", act).answer(one))
        await sending.wait()
        await asyncio.sleep(0)
        interrupt(task)
        return await task

    assert asyncio.run(asyncio.wait_for(scenario(), SECONDS)).error is None


@pytest.mark.parametrize("value", [object(), "\ud800", {"a": {1, object()}}])
def test_a_result_that_cannot_be_written_is_an_internal_error(value: Any) -> None:
    """Rather than silence."""
    result = CallToolResult(content=[], structured_content={"value": value})

    message, _ = answer(dispatcher("tools/call", returning(result)), named())

    assert message["error"]["code"] == -32603


@pytest.mark.parametrize("data", [object(), "\ud800"])
def test_an_error_that_cannot_be_written_is_said_without_its_data(data: Any) -> None:
    """Its text is escaped where it has to be."""
    fault = McpError(code=7, message="bad \ud800", data=data)

    message, _ = answer(dispatcher("tools/call", raising(fault)), named())

    assert message["error"] == {"code": 7, "message": "bad \\ud800"}


def named(revision: Revision = R2025_11_25) -> Callable[[], Exchange]:
    """A valid `tools/call`."""
    return exchange("tools/call", {"name": "t"}, revision)


# What a revision asks of every result


def test_a_modern_result_says_its_type_and_its_server() -> None:
    """Also an empty one."""
    message, _ = answer(dispatcher("tools/call", returning(CallToolResult())), named(R2026_07_28))

    assert message["result"] == {
        "resultType": "complete",
        "_meta": {META_SERVER_INFO: INFO},
        "content": [],
    }


def test_what_a_handler_put_into_meta_wins() -> None:
    """Its own members stay."""
    result = CallToolResult(meta={"k": 1, META_SERVER_INFO: "mine"})

    message, _ = answer(dispatcher("tools/call", returning(result)), named(R2026_07_28))

    assert message["result"]["_meta"] == {"k": 1, META_SERVER_INFO: "mine"}


def test_a_cacheable_result_says_for_how_long() -> None:
    """By the server's hints, unless the handler said so itself."""
    hints: dict[str, Any] = {"ttl_ms": 500, "cache_scope": "public"}
    lists = exchange("tools/list", revision=R2026_07_28)

    hinted, _ = answer(
        dispatcher("tools/list", returning(ListToolsResult(tools=[])), **hints), lists
    )
    own = ListToolsResult(tools=[], ttl_ms=0, cache_scope="private")
    told, _ = answer(dispatcher("tools/list", returning(own), **hints), lists)

    assert (hinted["result"]["ttlMs"], hinted["result"]["cacheScope"]) == (500, "public")
    assert (told["result"]["ttlMs"], told["result"]["cacheScope"]) == (0, "private")


def test_a_handshake_result_says_nothing_of_all_that() -> None:
    """An empty result is empty: strict clients mind."""
    message, _ = answer(dispatcher("ping", returning(EmptyResult())), exchange("ping"))

    assert message["result"] == {}


@pytest.mark.parametrize("revision", [R2024_11_05, R2025_03_26])
def test_an_older_client_is_sent_what_it_knows(revision: Revision) -> None:
    """Members that came later are left out."""
    tool = Tool(name="t", input_schema={}, title="T", output_schema={"type": "object"})
    served = dispatcher("tools/list", returning(ListToolsResult(tools=[tool])))

    message, _ = answer(served, exchange("tools/list", revision=revision))

    assert message["result"]["tools"] == [{"name": "t", "inputSchema": {}}]


# The way back


def test_a_notification_of_a_request_belongs_to_it() -> None:
    """The peer is told which one."""
    peer = Mailbox()

    async def scenario() -> None:
        await exchange("ping", peer=peer)().notify("notifications/message", {"data": 1})

    asyncio.run(scenario())

    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": 1}}
    assert peer.sent == [(note, "id")]


def test_another_table_serves_from_the_next_request_on() -> None:
    """As when middleware is added."""
    served = dispatcher("ping", returning(EmptyResult()))

    served.replace({})

    assert answer(served, exchange("ping"))[0]["error"]["code"] == -32601
