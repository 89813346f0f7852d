"""What a client answers to the requests of a handshake server, and what it declares to both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.sampling import RequestContext
from fastmcp.exceptions import ClientError, Disconnected, McpError
from fastmcp.types import CreateMessageResult, Root, TextContent

from .scripted import HANDSHAKE, ScriptedServer, form, needs, question, text

CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
MESSAGES = [{"role": "user", "content": {"type": "text", "text": "2+2?"}}]
SAMPLING = {"messages": MESSAGES, "maxTokens": 10}
TOOL = {"name": "add", "inputSchema": {"type": "object"}}
FORM = form(name={"type": "string"})


def used(server: ScriptedServer, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(server, **options) as client:
            return await use(client)

    return asyncio.run(main())


def asked(method: str, params: Any = None, revision: str = HANDSHAKE, **handlers: Any) -> Any:
    """What a client with these handlers answers to one request."""
    server = ScriptedServer(revision=revision)
    return used(server, lambda client: server.ask(method, params), **handlers)


async def elicit(*_: Any) -> dict[str, str]:
    return {"name": "Ada"}


async def sample(*_: Any) -> str:
    return "4"


@pytest.mark.parametrize(
    ("handlers", "declared"),
    [
        ({}, {}),
        ({"elicitation_handler": elicit}, {"elicitation": {"form": {}, "url": {}}}),
        ({"sampling_handler": sample}, {"sampling": {}}),
        (
            {"sampling_handler": sample, "sampling_capabilities": {"tools": {}, "context": {}}},
            {"sampling": {"tools": {}, "context": {}}},
        ),
        ({"sampling_capabilities": {"tools": {}}}, {}),
    ],
)
def test_what_can_be_asked_is_declared(handlers: Any, declared: Any) -> None:
    """From the handlers that are there: in the handshake, and with each request of a modern one."""

    async def serve(message: Any) -> Any:
        return text("ok")

    handshake, modern = ScriptedServer(serve, HANDSHAKE), ScriptedServer(serve)
    for server in (handshake, modern):
        used(server, lambda client: client.call_tool("t"), **handlers)

    assert handshake.requests("initialize")[0]["params"]["capabilities"] == declared
    told = [each["params"]["_meta"][CAPABILITIES] for each in modern.sent]
    assert told == [declared, declared]


def test_changes_of_roots_are_declared_where_they_can_be_told() -> None:
    """A modern client has no such notification."""
    handshake, modern = ScriptedServer(revision=HANDSHAKE), ScriptedServer()

    async def use(client: Client) -> None:
        client.set_roots(["file:///other"])
        await client.send_roots_list_changed()

    for server in (handshake, modern):
        used(server, use, roots=["file:///work"])

    declared = handshake.requests("initialize")[0]["params"]["capabilities"]
    assert declared == {"roots": {"listChanged": True}}
    assert modern.sent[0]["params"]["_meta"][CAPABILITIES] == {"roots": {}}
    told = [each["method"] for each in (*handshake.sent, *modern.sent) if "id" not in each]
    assert told == ["notifications/initialized", "notifications/roots/list_changed"]


@pytest.mark.parametrize(
    ("revision", "declared"),
    [
        ("2024-11-05", {"roots": {"listChanged": True}, "sampling": {}}),
        ("2025-06-18", {"roots": {"listChanged": True}, "sampling": {}, "elicitation": {}}),
    ],
)
def test_what_a_revision_does_not_know_is_not_declared_to_it(revision: str, declared: Any) -> None:
    """When an older one is asked for."""
    server = ScriptedServer(revision=revision)

    used(
        server,
        lambda client: server.ask("ping"),
        mode=revision,
        roots=[],
        elicitation_handler=elicit,
        sampling_handler=sample,
        sampling_capabilities={"tools": {}},
    )

    assert server.requests("initialize")[0]["params"]["capabilities"] == declared


def test_a_handler_that_is_set_later_is_declared_to_modern_servers_from_then_on() -> None:
    """Each of their requests says anew what may be asked."""

    async def serve(message: Any) -> Any:
        needed = {"a": question("elicitation/create", **FORM)}
        done = "inputResponses" in message["params"]
        return text("ok") if done else needs("s", **needed)

    server = ScriptedServer(serve)

    async def use(client: Client) -> None:
        with pytest.raises(ClientError, match="no elicitation_handler"):
            await client.call_tool("t")
        client.set_elicitation_callback(elicit)
        client.set_sampling_callback(sample, {"tools": {}})
        assert (await client.call_tool("t")).data == "ok"

    used(server, use)

    told = server.requests("tools/call")[-1]["params"]["_meta"][CAPABILITIES]
    assert told == {"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}}


@pytest.mark.parametrize(
    ("method", "handler"),
    [
        ("elicitation/create", "elicitation_handler"),
        ("sampling/createMessage", "sampling_handler"),
        ("roots/list", "roots"),
    ],
)
def test_what_was_not_declared_is_refused(method: str, handler: str) -> None:
    """As a method that is not there, with the name of the handler that is missing."""
    error = asked(method)["error"]

    assert error["code"] == -32601
    assert error["message"] == f"{method}: this client has no {handler}"


def test_an_unknown_method_is_refused() -> None:
    """And the connection goes on."""
    assert asked("tools/list", sampling_handler=sample)["error"]["code"] == -32601


def test_a_ping_is_answered() -> None:
    """With nothing."""
    assert asked("ping")["result"] == {}


@pytest.mark.parametrize(
    ("method", "params", "why"),
    [
        ("elicitation/create", {"message": "?"}, "requestedSchema"),
        ("elicitation/create", {**FORM, "mode": "voice"}, "the mode 'voice' is not supported"),
        ("sampling/createMessage", {"messages": []}, "maxTokens"),
        ("sampling/createMessage", {**SAMPLING, "tools": [TOOL]}, "sampling.tools"),
        ("sampling/createMessage", {**SAMPLING, "toolChoice": {"mode": "none"}}, "sampling.tools"),
    ],
)
def test_wrong_and_undeclared_parameters_are_refused(method: str, params: Any, why: str) -> None:
    """Without calling the handler."""
    called: list[Any] = []

    response = asked(
        method, params, elicitation_handler=called.append, sampling_handler=called.append
    )

    assert response["error"]["code"] == -32602
    assert why in response["error"]["message"]
    assert called == []


def test_roots_are_uris_paths_or_root_objects(tmp_path: Path) -> None:
    """As a list, or from a function that is asked each time, plain or not."""
    roots: list[Any] = ["file:///a", tmp_path, Root(uri="file:///c", name="C")]
    expected = {
        "roots": [
            {"uri": "file:///a"},
            {"uri": tmp_path.as_uri()},
            {"uri": "file:///c", "name": "C"},
        ]
    }

    async def of_context(context: RequestContext) -> Any:
        assert context.method == "roots/list"
        return roots

    for given in (roots, lambda context: roots, of_context):
        assert asked("roots/list", roots=given)["result"] == expected


def test_a_root_that_is_no_file_uri_is_refused() -> None:
    """At once in a list; when the function is asked, to the server."""
    with pytest.raises(ValueError, match=r"'/work' is no file:// URI"):
        Client(ScriptedServer(), roots=["/work"])

    error = asked("roots/list", roots=lambda context: ["http://x"])["error"]

    assert error["code"] == -32603
    assert "'http://x' is no file:// URI" in error["message"]


@pytest.mark.parametrize(
    ("method", "params", "handler"),
    [
        ("elicitation/create", FORM, "elicitation_handler"),
        ("sampling/createMessage", SAMPLING, "sampling_handler"),
        ("roots/list", {}, "roots"),
    ],
)
def test_a_handler_that_fails_answers_with_its_message(
    method: str, params: Any, handler: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As an internal error, with the failure in the client's log; an McpError is sent as it is."""

    async def fail(*_: Any) -> Any:
        raise LookupError("nobody at home")

    def refuse(*_: Any) -> Any:
        raise McpError(code=-1, message="User rejected sampling request", data={"why": "no"})

    failed = asked(method, params, **{handler: fail})["error"]
    assert [record.exc_text or record.exc_info for record in caplog.records] != []
    caplog.clear()
    refused = asked(method, params, **{handler: refuse})["error"]

    assert failed == {"code": -32603, "message": "nobody at home"}
    assert refused["code"] == -1
    assert refused["message"] == "User rejected sampling request"
    assert refused["data"] == {"why": "no"}
    assert caplog.records == []


def test_a_handler_is_told_which_request_it_answers() -> None:
    """Its id, its `_meta`, and the client, whose server info says who asks."""
    seen: list[RequestContext] = []

    async def note(message: str, kind: Any, params: Any, context: RequestContext) -> Any:
        seen.append(context)
        assert context.session.server_info.name == "scripted"
        return {}

    asked("elicitation/create", {**FORM, "_meta": {"k": 1}}, elicitation_handler=note)

    assert (seen[0].request_id, seen[0].method) == ("s1", "elicitation/create")
    assert seen[0].meta == {"k": 1}


def test_questions_are_answered_side_by_side() -> None:
    """A slow handler holds up neither others nor the calls of the client."""

    async def serve(message: Any) -> Any:
        return text("ok")

    server = ScriptedServer(serve, HANDSHAKE)

    async def main() -> list[Any]:
        go = asyncio.Event()

        async def wait(message: str, *_: Any) -> Any:
            if message == "slow":
                await go.wait()
            return {"name": message}

        async with asyncio.timeout(30), Client(server, elicitation_handler=wait) as client:
            slow = asyncio.create_task(
                server.ask("elicitation/create", {**FORM, "message": "slow"}, "a")
            )
            quick = await server.ask("elicitation/create", {**FORM, "message": "quick"}, "b")
            called = (await client.call_tool("t")).data
            assert not slow.done()
            go.set()
            return [quick["result"]["content"], called, (await slow)["result"]["content"]]

    assert asyncio.run(main()) == [{"name": "quick"}, "ok", {"name": "slow"}]


@pytest.mark.parametrize(
    ("method", "params", "handler", "value"),
    [
        ("elicitation/create", FORM, "elicitation_handler", {"name": "Ada"}),
        ("sampling/createMessage", SAMPLING, "sampling_handler", "4"),
        ("roots/list", {}, "roots", []),
    ],
)
def test_a_plain_handler_runs_in_a_thread_and_may_wait(
    method: str, params: Any, handler: str, value: Any
) -> None:
    """It waits for a person or a model; meanwhile the connection lives."""
    threads: list[str] = []
    server = ScriptedServer(revision=HANDSHAKE)
    pinged = threading.Event()

    def wait(*_: Any) -> Any:
        threads.append(threading.current_thread().name)
        assert pinged.wait(20)
        return value

    async def use(client: Client) -> Any:
        answer = asyncio.create_task(server.ask(method, params, "slow"))
        assert (await server.ask("ping", id="ping"))["result"] == {}
        pinged.set()
        return await answer

    assert "result" in used(server, use, **{handler: wait})
    assert threads != [threading.main_thread().name]


def test_a_question_that_the_server_takes_back_stops_its_handler() -> None:
    """And is not answered; the message handler hears of it."""
    events: list[str] = []
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> None:
        asked, stopped = asyncio.Event(), asyncio.Event()

        async def wait(*_: Any) -> Any:
            asked.set()
            try:
                await asyncio.sleep(600)
            finally:
                events.append("stopped")
                stopped.set()

        def hear(message: Any) -> None:
            if message.method == "notifications/cancelled":
                events.append(message.params.request_id)

        options: Any = {"elicitation_handler": wait, "message_handler": hear}
        async with asyncio.timeout(30), Client(server, **options):
            server.tell(id="q", method="elicitation/create", params=FORM)
            await asked.wait()
            server.tell(method="notifications/cancelled", params={"requestId": "q"})
            await stopped.wait()
            assert (await server.ask("ping", id="p"))["result"] == {}

    asyncio.run(main())

    assert events == ["stopped", "q"]
    assert [each["id"] for each in server.sent if "method" not in each] == ["p"]


def test_a_client_that_is_closed_stops_its_handlers() -> None:
    """Nobody would hear their answers."""
    events: list[str] = []
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> None:
        asked = asyncio.Event()

        async def wait(*_: Any) -> Any:
            asked.set()
            try:
                await asyncio.sleep(600)
            finally:
                events.append("stopped")

        async with asyncio.timeout(30), Client(server, elicitation_handler=wait):
            server.tell(id="q", method="elicitation/create", params=FORM)
            await asked.wait()

    asyncio.run(main())

    assert events == ["stopped"]


def test_a_request_can_be_cancelled_by_its_id() -> None:
    """The server is told why, who waits for it is told, and unknown ids are nobody's."""

    async def main() -> None:
        arrived = asyncio.Event()

        async def serve(message: Any) -> Any:
            arrived.set()
            await asyncio.sleep(600)

        server = ScriptedServer(serve, HANDSHAKE)
        async with asyncio.timeout(30), Client(server) as client:
            call = asyncio.create_task(client.call_tool("t"))
            await arrived.wait()
            id = server.requests("tools/call")[0]["id"]
            await client.cancel(id, "no longer needed")
            await client.cancel(id, "again")
            with pytest.raises(ClientError, match="cancelled: no longer needed"):
                await call
        told = [each["params"] for each in server.sent if "cancelled" in each.get("method", "")]
        assert told == [{"requestId": id, "reason": "no longer needed"}]
        with pytest.raises(RuntimeError, match="not connected"):
            await client.cancel(id)

    asyncio.run(main())


def test_a_client_tells_progress_of_what_it_is_asked() -> None:
    """By the token of the server's request, in the handshake era."""
    handshake, modern = ScriptedServer(revision=HANDSHAKE), ScriptedServer()

    for server in (handshake, modern):
        used(server, lambda client: client.progress("token", 1, 2, "half"))

    told = [each for each in (*handshake.sent, *modern.sent) if "progress" in each["method"]]
    assert [each["params"] for each in told] == [
        {"progressToken": "token", "progress": 1, "total": 2, "message": "half"}
    ]


def test_a_notification_needs_a_connection() -> None:
    """Before it is opened there is nobody to tell."""
    client = Client(ScriptedServer(revision=HANDSHAKE), roots=[])

    with pytest.raises(RuntimeError, match="not connected"):
        asyncio.run(client.send_roots_list_changed())


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18"])
def test_an_answer_has_only_what_the_revision_knows(revision: str) -> None:
    """Older servers take one block of content, and no `_meta` in a root."""
    whole = CreateMessageResult(
        role="assistant",
        content=[TextContent(text="2+2"), TextContent(text="=4")],
        model="m",
        stop_reason="endTurn",
    )

    async def answer(*_: Any) -> Any:
        return whole

    root = Root(uri="file:///a", meta={"k": 1})
    sampled = asked("sampling/createMessage", SAMPLING, revision, sampling_handler=answer)
    listed = asked("roots/list", {}, revision, roots=[root])

    assert sampled["result"] == {
        "role": "assistant",
        "content": {"type": "text", "text": "2+2=4"},
        "model": "m",
        "stopReason": "endTurn",
    }
    known = {"_meta": {"k": 1}} if revision == "2025-06-18" else {}
    assert listed["result"] == {"roots": [{"uri": "file:///a", **known}]}


def test_a_connection_that_ends_by_itself_is_told() -> None:
    """To the message handler, as an exception; a client that is closed is not told so."""
    heard: list[Any] = []
    server = ScriptedServer(revision=HANDSHAKE)

    async def lose(client: Client) -> None:
        server._session.close(Disconnected("gone"))
        assert not client.is_connected()

    async def leave(client: Client) -> None:
        await client.close()

    used(server, lose, message_handler=heard.append)
    used(ScriptedServer(revision=HANDSHAKE), leave, message_handler=heard.append)

    assert [type(each) for each in heard] == [Disconnected]
