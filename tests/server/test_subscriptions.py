"""Hearing of changes: list_changed and updated resources, in both eras, from any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, call, enveloped, http, modern_headers, request
from conversation import REVISIONS, Conversation, conversation

from fastmcp import FastMCP
from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.subscriptions import Change, Listener

STAMP = "io.modelcontextprotocol/subscriptionId"
HANDSHAKES = [revision for revision in REVISIONS if revision != MODERN]


def library() -> FastMCP:
    mcp = FastMCP("library")
    mcp.resource("book://a", name="a")(lambda: "A")
    mcp.resource("book://{id}/pages", name="pages")(lambda id: id)
    mcp.tool(lambda: None, name="noop")
    return mcp


CHANGES: list[tuple[Callable[[FastMCP], Any], list[str]]] = [
    (lambda mcp: mcp.tool(lambda: 1, name="new"), ["tools"]),
    (lambda mcp: mcp.remove_tool("noop"), ["tools"]),
    (lambda mcp: mcp.resource("book://b", name="b")(lambda: "B"), ["resources"]),
    (lambda mcp: mcp.resource("x://{y}", name="y")(lambda y: y), ["resources"]),
    (lambda mcp: mcp.prompt(lambda: "p", name="p"), ["prompts"]),
    (lambda mcp: mcp.disable(names={"noop"}), ["tools"]),
    (lambda mcp: mcp.disable(components={"tool", "template"}), ["tools", "resources"]),
    (lambda mcp: mcp.local_provider.enable(tags={"x"}), ["tools", "resources", "prompts"]),
]


@pytest.mark.parametrize("revision", HANDSHAKES)
@pytest.mark.parametrize(("change", "features"), CHANGES)
def test_a_session_hears_that_a_list_has_changed(
    change: Callable[[FastMCP], Any], features: list[str], revision: str
) -> None:
    """Whatever changes it, unasked, as the handshake revisions have it."""
    mcp = library()

    async def main() -> list[Any]:
        async with conversation(mcp, revision) as talk:
            await talk.ask(request("ping"))
            change(mcp)
            return [await talk.receive() for _ in features]

    assert asyncio.run(main()) == [
        {"jsonrpc": "2.0", "method": f"notifications/{feature}/list_changed"}
        for feature in features
    ]


def test_many_changes_are_told_once() -> None:
    """What happens before a client could be told is one change to it."""
    mcp = library()

    async def main() -> list[Any]:
        async with conversation(mcp) as talk:
            await talk.ask(request("ping"))
            for number in range(1000):
                mcp.tool(lambda: 1, name=f"t{number}")
            first = await talk.receive()
            return [first["method"], (await talk.ask(request("ping")))["result"]]

    assert asyncio.run(main()) == ["notifications/tools/list_changed", {}]


def test_nobody_is_told_before_the_handshake_is_over() -> None:
    """A client hears nothing until it has said that it is ready."""
    mcp = library()

    async def main() -> Any:
        talk = Conversation(mcp, HANDSHAKE)
        mcp.tool(lambda: 1, name="early")
        answer = await talk.ask(
            request(
                "initialize",
                protocolVersion=HANDSHAKE,
                capabilities={},
                clientInfo={"name": "t", "version": "1"},
            )
        )
        mcp.tool(lambda: 1, name="early2")
        return answer, await talk.ask(request("ping", 2))

    answer, after = asyncio.run(main())
    assert answer["result"]["capabilities"] == {
        "tools": {"listChanged": True},
        "resources": {"listChanged": True, "subscribe": True},
        "prompts": {"listChanged": True},
        "logging": {},
    }
    assert after["result"] == {}


@pytest.mark.parametrize("revision", HANDSHAKES)
def test_a_session_subscribes_to_resources(revision: str) -> None:
    """It hears of those, of what lies below them, and of no others, until it unsubscribes."""
    mcp = library()

    async def main() -> list[Any]:
        async with conversation(mcp, revision) as talk:
            heard: list[Any] = []
            for uri in ("book://a", "book://x/pages"):
                answer = await talk.ask(request("resources/subscribe", uri=uri))
                assert answer["result"] == {}
            mcp.notify_resource_updated("book://b")
            mcp.notify_resource_updated("book://ab")
            mcp.notify_resource_updated("book://a")
            heard.append(await talk.receive())
            mcp.notify_resource_updated("book://x/pages/1")
            heard.append(await talk.receive())
            await talk.ask(request("resources/unsubscribe", uri="book://a"))
            mcp.notify_resource_updated("book://a")
            heard.append(await talk.ask(request("ping")))
            return heard

    first, second, last = asyncio.run(main())
    assert first["method"] == "notifications/resources/updated"
    assert first["params"] == {"uri": "book://a"}
    assert second["params"] == {"uri": "book://x/pages/1"}
    assert last["result"] == {}


def test_only_what_can_be_read_can_be_watched() -> None:
    """A subscription to a resource that is not there, or is hidden, is refused by name."""
    mcp = library()
    mcp.disable(names={"book://a"})

    async def main() -> list[Any]:
        async with conversation(mcp) as talk:
            return [
                (await talk.ask(request("resources/subscribe", uri=uri)))["error"]
                for uri in ("book://nope", "book://a")
            ]

    for error, uri in zip(asyncio.run(main()), ("book://nope", "book://a"), strict=True):
        assert error["code"] == -32002 and error["data"] == {"uri": uri}


def test_a_session_has_a_limit_of_subscriptions() -> None:
    """The 1,025th is refused; the others stay."""
    mcp = library()

    async def main() -> Any:
        async with conversation(mcp) as talk:
            for number in range(1024):
                uri = f"book://{number}/pages"
                assert "result" in await talk.ask(request("resources/subscribe", uri=uri))
            return await talk.ask(request("resources/subscribe", uri="book://a"))

    assert "at most 1024" in asyncio.run(main())["error"]["message"]


def listen(**wanted: Any) -> dict[str, Any]:
    return request("subscriptions/listen", "listen-1", notifications=wanted)


def test_a_modern_client_listens() -> None:
    """The acknowledgement comes first; what it asked for follows, stamped; nothing else does."""
    mcp = library()

    async def main() -> list[Any]:
        async with conversation(mcp, MODERN) as talk:
            wanted = listen(
                toolsListChanged=True, resourceSubscriptions=["book://a", "book://nope"]
            )
            heard = [await talk.ask(wanted)]
            mcp.prompt(lambda: "p", name="p")
            mcp.notify_resource_updated("book://b")
            mcp.tool(lambda: 1, name="new")
            heard.append(await talk.receive())
            mcp.notify_resource_updated("book://a")
            heard.append(await talk.receive())
            mcp._parts.audience.dismiss()
            heard.append(await talk.receive())
            return heard

    acknowledged, tools, updated, end = asyncio.run(main())
    assert acknowledged == {
        "jsonrpc": "2.0",
        "method": "notifications/subscriptions/acknowledged",
        "params": {
            "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["book://a"]},
            "_meta": {STAMP: "listen-1"},
        },
    }
    assert tools["method"] == "notifications/tools/list_changed"
    assert tools["params"] == {"_meta": {STAMP: "listen-1"}}
    assert updated["params"] == {"uri": "book://a", "_meta": {STAMP: "listen-1"}}
    assert end["id"] == "listen-1" and end["result"]["_meta"][STAMP] == "listen-1"
    assert end["result"]["resultType"] == "complete"


def test_the_stamp_keeps_the_type_of_the_id() -> None:
    """A number stays a number, and several streams stay apart."""
    mcp = library()

    async def main() -> list[Any]:
        async with conversation(mcp, MODERN) as talk:
            wanted = {"toolsListChanged": True}
            for id in (7, "7"):
                await talk.ask(request("subscriptions/listen", id, notifications=wanted))
            mcp.tool(lambda: 1, name="new")
            return [(await talk.receive())["params"]["_meta"][STAMP] for _ in range(2)]

    assert asyncio.run(main()) == [7, "7"]


def test_a_client_that_cancels_hears_no_more() -> None:
    """`notifications/cancelled` ends the stream without an answer."""
    mcp = library()

    async def main() -> Any:
        async with conversation(mcp, MODERN) as talk:
            await talk.ask(listen(toolsListChanged=True))
            talk.send(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/cancelled",
                    "params": {"requestId": "listen-1"},
                }
            )
            mcp.tool(lambda: 1, name="new")
            return await talk.ask(request("tools/list", 2))

    assert asyncio.run(main())["id"] == 2


def test_a_modern_client_hears_nothing_unasked() -> None:
    """Only streams that it opened carry changes."""
    mcp = library()

    async def main() -> Any:
        async with conversation(mcp, MODERN) as talk:
            await talk.ask(request("tools/list"))
            mcp.tool(lambda: 1, name="new")
            return await talk.ask(request("tools/list", 2))

    assert asyncio.run(main())["id"] == 2


@pytest.mark.parametrize("options", [{}, {"json_response": True}, {"stateless_http": True}])
def test_listening_over_http(options: dict[str, Any]) -> None:
    """A stream of events in every mode; a change in another thread arrives; leaving frees it."""
    mcp = library()
    wanted = listen(toolsListChanged=True)

    with (
        http(mcp, **options) as client,
        client.stream(enveloped(wanted), modern_headers(wanted)) as events,
    ):
        assert events.message()["method"] == "notifications/subscriptions/acknowledged"
        thread = threading.Thread(target=lambda: mcp.tool(lambda: 1, name="new"))
        thread.start()
        thread.join()
        assert events.message()["method"] == "notifications/tools/list_changed"


def test_a_stopping_http_server_ends_the_streams() -> None:
    """The result tells the client that this was no accident."""
    mcp = library()
    wanted = listen(toolsListChanged=True)

    with http(mcp) as client, client.stream(enveloped(wanted), modern_headers(wanted)) as events:
        events.message()
        mcp._parts.audience.dismiss()
        assert events.message()["result"]["resultType"] == "complete"


def test_a_session_over_http_hears_of_changes_on_its_get_stream() -> None:
    """One that a sessionless client could not get: it is told that nothing is pushed to it."""
    mcp = library()

    with http(mcp) as client:
        session = client.open()
        with client.stream(headers=session) as events:
            mcp.tool(lambda: 1, name="new")
            assert events.message()["method"] == "notifications/tools/list_changed"

    with http(library(), stateless_http=True) as client:
        opened = client.post(
            request(
                "initialize",
                protocolVersion=HANDSHAKE,
                capabilities={},
                clientInfo={"name": "t", "version": "1"},
            )
        )
        assert opened.json()["result"]["capabilities"]["resources"] == {}
        refused = client.post(request("resources/subscribe", uri="book://a"))
        assert refused.json()["error"]["code"] == -32601


def test_a_tool_changes_what_its_own_session_sees() -> None:
    """From its worker thread; the change is there when the call is answered."""
    mcp = library()

    @mcp.tool
    def load() -> None:
        mcp.tool(lambda: 1, name="loaded")

    async def main() -> list[Any]:
        async with conversation(mcp) as talk:
            talk.send(call("load", 5))
            heard = [await talk.receive() for _ in range(2)]
            tools = await talk.ask(request("tools/list", 6))
            return [*heard, [tool["name"] for tool in tools["result"]["tools"]]]

    *heard, listed = asyncio.run(main())
    assert {message.get("method", message.get("id")) for message in heard} == {
        "notifications/tools/list_changed",
        5,
    }
    assert "loaded" in listed


def test_a_change_that_cannot_be_told_costs_the_others_nothing() -> None:
    """It is told later where its client cannot be reached now, and left out where it never can."""
    told: list[str] = []
    faults: list[Exception] = [StoreUnavailable("for a while"), RuntimeError("broken")]

    async def tell(change: Change) -> None:
        if faults:
            raise faults.pop(0)
        told.append(change.method)

    async def main() -> None:
        listener = Listener(lambda change: True, tell)
        for of in ("tools", "resources", "prompts"):
            listener.hear(Change(of))
        async with asyncio.timeout(10):
            while len(told) < 2:
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert told == ["notifications/prompts/list_changed", "notifications/tools/list_changed"]
