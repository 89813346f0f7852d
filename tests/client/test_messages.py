"""What a client hears unasked: message handlers with hooks, log messages, progress."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.logging import LogMessage, default_log_handler
from fastmcp.client.messages import MessageHandler
from fastmcp.client.progress import default_progress_handler
from fastmcp.exceptions import Disconnected

from .scripted import HANDSHAKE, ROUND, ScriptedServer, form, needs, question, text

SAMPLING = {"messages": [], "maxTokens": 1}


class Recorder(MessageHandler):
    """Hears by every hook, and notes which, with something that only decoded parameters have."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def on_message(self, message: Any) -> None:
        self.heard.append("message")

    async def on_notification(self, message: Any) -> None:
        self.heard.append(("notification", message.root.method))

    async def on_request(self, message: Any) -> None:
        self.heard.append(("request", message.id, message.request.root.method))

    async def on_exception(self, message: Exception) -> None:
        self.heard.append(("exception", type(message)))

    async def on_ping(self, message: Any) -> None:
        self.heard.append("ping")

    async def on_list_roots(self, message: Any) -> None:
        self.heard.append("list_roots")

    async def on_create_message(self, message: Any) -> None:
        self.heard.append(("create_message", message.params.max_tokens))

    async def on_elicit(self, message: Any) -> None:
        self.heard.append(("elicit", message.params.message))

    async def on_cancelled(self, message: Any) -> None:
        self.heard.append(("cancelled", message.params.request_id))

    async def on_progress(self, message: Any) -> None:
        self.heard.append(("progress", message.params.progress))

    async def on_logging_message(self, message: Any) -> None:
        self.heard.append(("logging_message", message.params.level))

    async def on_tool_list_changed(self, message: Any) -> None:
        self.heard.append("tool_list_changed")

    async def on_resource_list_changed(self, message: Any) -> None:
        self.heard.append("resource_list_changed")

    async def on_prompt_list_changed(self, message: Any) -> None:
        self.heard.append("prompt_list_changed")

    async def on_resource_updated(self, message: Any) -> None:
        self.heard.append(("resource_updated", message.params.uri))


async def roots(context: Any) -> list[str]:
    return []


@pytest.mark.parametrize(
    ("method", "params", "hook"),
    [
        ("notifications/message", {"level": "info", "data": 1}, ("logging_message", "info")),
        ("notifications/tools/list_changed", {}, "tool_list_changed"),
        ("notifications/resources/list_changed", {}, "resource_list_changed"),
        ("notifications/prompts/list_changed", {}, "prompt_list_changed"),
        ("notifications/resources/updated", {"uri": "a://b"}, ("resource_updated", "a://b")),
        ("notifications/elicitation/complete", {"elicitationId": "1"}, None),
        ("notifications/org.example/own", {"a": 1}, None),
    ],
)
def test_a_notification_is_heard_by_its_hooks(method: str, params: Any, hook: Any) -> None:
    """From the general to the special, with its parameters decoded."""
    recorder = Recorder()
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> None:
        async with asyncio.timeout(30), Client(server, message_handler=recorder):
            server.tell(method=method, params=params)
            await server.ask("ping")

    asyncio.run(main())

    heard = recorder.heard[: recorder.heard.index(("request", "s1", "ping")) - 1]
    assert heard == ["message", ("notification", method), *([hook] if hook else [])]


@pytest.mark.parametrize(
    ("method", "params", "hook"),
    [
        ("ping", {}, "ping"),
        ("roots/list", {}, "list_roots"),
        ("sampling/createMessage", SAMPLING, ("create_message", 1)),
        ("elicitation/create", form("Who?"), ("elicit", "Who?")),
    ],
)
def test_a_request_is_heard_by_its_hooks_and_answered_elsewhere(
    method: str, params: Any, hook: Any
) -> None:
    """Whether it is granted or not."""
    recorder = Recorder()
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> Any:
        options: Any = {"message_handler": recorder, "roots": roots}
        async with asyncio.timeout(30), Client(server, **options):
            return await server.ask(method, params)

    response = asyncio.run(main())

    assert ("result" in response) == (method in ("ping", "roots/list"))
    assert recorder.heard == ["message", ("request", "s1", method), hook]


def test_what_is_asked_in_a_round_of_input_is_heard_too() -> None:
    """By the same hooks, under its key; so is the progress of a call."""
    recorder = Recorder()

    async def serve(message: Any) -> Any:
        if "inputResponses" in message["params"]:
            return text("ok")
        token = message["params"]["_meta"]["progressToken"]
        server.tell(
            method="notifications/progress", params={"progressToken": token, "progress": 0.5}
        )
        return needs("s", who=ROUND, where=question("roots/list"))

    server = ScriptedServer(serve)

    async def main() -> None:
        options: Any = {
            "message_handler": recorder,
            "roots": roots,
            "elicitation_handler": lambda *_: {},
        }
        async with asyncio.timeout(30), Client(server, **options) as client:
            assert (await client.call_tool("t")).data == "ok"

    asyncio.run(main())

    assert [each for each in recorder.heard if each != "message"] == [
        ("notification", "notifications/progress"),
        ("progress", 0.5),
        ("request", "who", "elicitation/create"),
        ("elicit", "Who?"),
        ("request", "where", "roots/list"),
        "list_roots",
    ]


def test_a_request_that_is_taken_back_and_a_lost_connection_are_heard() -> None:
    """The one with the request's id, the other as an exception."""

    class Waiting(Recorder):
        async def on_exception(self, message: Exception) -> None:
            await super().on_exception(message)
            lost.set()

    recorder = Waiting()
    server = ScriptedServer(revision=HANDSHAKE)
    asked, over, lost = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def main() -> None:

        async def wait(*_: Any) -> Any:
            asked.set()
            try:
                await asyncio.sleep(600)
            finally:
                over.set()

        options: Any = {"message_handler": recorder, "elicitation_handler": wait}
        async with asyncio.timeout(30), Client(server, **options):
            server.tell(id="q", method="elicitation/create", params=form("Who?"))
            await asked.wait()
            recorder.heard.clear()
            server.tell(method="notifications/cancelled", params={"requestId": "q"})
            await over.wait()
            await server.ask("ping")
            server._session.close(Disconnected("gone"))
            await lost.wait()

    asyncio.run(main())

    assert [each for each in recorder.heard if each != "message"] == [
        ("notification", "notifications/cancelled"),
        ("cancelled", "q"),
        ("request", "s1", "ping"),
        "ping",
        ("exception", Disconnected),
    ]


def test_a_handler_without_hooks_hears_nothing_and_breaks_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it does not look at is not decoded; what is looked at and unreadable is logged."""

    class Careful(MessageHandler):
        async def on_resource_updated(self, message: Any) -> None:
            assert message.params.uri

    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> None:
        async with asyncio.timeout(30), Client(server, message_handler=Careful()):
            server.tell(method="notifications/tools/list_changed", params={"_meta": 1})
            server.tell(method="notifications/resources/updated", params={"uri": 1})
            await server.ask("ping")

    asyncio.run(main())

    assert [record.message for record in caplog.records] == ["A handler failed"]


@pytest.mark.parametrize(
    ("level", "standard"),
    [
        ("debug", logging.DEBUG),
        ("info", logging.INFO),
        ("notice", logging.INFO),
        ("warning", logging.WARNING),
        ("error", logging.ERROR),
        ("critical", logging.CRITICAL),
        ("alert", logging.CRITICAL),
        ("emergency", logging.CRITICAL),
    ],
)
def test_log_messages_go_to_the_standard_log_by_default(
    level: str, standard: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As of one logger, at the level that is nearest, with the server's logger and data."""
    caplog.set_level(logging.DEBUG, "fastmcp.client.from_server")
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> None:
        async with asyncio.timeout(30), Client(server):
            for data in ({"disk": "full"}, {"msg": "hi", "extra": None}, {"msg": "hi", "extra": 1}):
                params = {"level": level, "logger": "io", "data": data}
                server.tell(method="notifications/message", params=params)
            await server.ask("ping")

    asyncio.run(main())

    assert [(each.name, each.levelno, each.message) for each in caplog.records] == [
        ("fastmcp.client.from_server", standard, f"{level} (io): {{'disk': 'full'}}"),
        ("fastmcp.client.from_server", standard, f"{level} (io): hi"),
        ("fastmcp.client.from_server", standard, f"{level} (io): {{'msg': 'hi', 'extra': 1}}"),
    ]


LEVEL = "io.modelcontextprotocol/logLevel"


@pytest.mark.parametrize("handler", [None, lambda message: None])
def test_only_for_a_log_handler_is_a_modern_server_asked_to_log(handler: Any) -> None:
    """A level that a request names is stronger than the usual one, and one that was set than both;
    nothing is sent of its own.
    """

    async def serve(message: Any) -> Any:
        return text("done")

    async def main() -> list[Any]:
        server = ScriptedServer(serve)
        async with Client(server, log_handler=handler) as client:
            await client.call_tool_mcp("work")
            await client.call_tool_mcp("work", meta={LEVEL: "error", "mine": 1})
            await client.set_logging_level("warning")
            await client.call_tool_mcp("work", meta={LEVEL: "error"})
        calls = server.requests("tools/call")
        assert calls[1]["params"]["_meta"]["mine"] == 1
        return [call["params"]["_meta"].get(LEVEL) for call in calls]

    assert asyncio.run(main()) == ["debug" if handler else None, "error", "warning"]


def test_a_handshake_server_sends_all_logs_without_being_asked() -> None:
    """For a log handler nothing is set."""

    async def serve(message: Any) -> Any:
        return {}

    async def main() -> list[Any]:
        server = ScriptedServer(serve, HANDSHAKE)
        async with Client(server, log_handler=lambda message: None) as client:
            await client.ping()
        return server.requests("logging/setLevel")

    assert asyncio.run(main()) == []


def test_a_log_handler_of_ones_own_can_use_the_default_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is an ordinary handler."""
    message = LogMessage(level="error", data="out of paper")

    asyncio.run(default_log_handler(message))

    assert [each.message for each in caplog.records] == ["error: out of paper"]


@pytest.mark.parametrize(
    ("progress", "message"),
    [
        ((1, None, None), "Progress: 1"),
        ((1, 4, None), "Progress: 1/4 (25.0%)"),
        ((0.5, 0, "odd"), "Progress: 0.5/0 - odd"),
    ],
)
def test_progress_is_logged_by_default_when_somebody_debugs(
    progress: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise servers are not even asked for it."""
    done, total, words = progress

    async def serve(request: Any) -> Any:
        token = request["params"].get("_meta", {}).get("progressToken")
        if token is not None:
            params = {"progressToken": token, "progress": done, "total": total, "message": words}
            server.tell(method="notifications/progress", params=params)
        return text("ok")

    server = ScriptedServer(serve, HANDSHAKE)

    async def main() -> None:
        async with asyncio.timeout(30), Client(server) as client:
            await client.call_tool("quiet")
            caplog.set_level(logging.DEBUG, "fastmcp.client.progress")
            await client.call_tool("loud")
            await server.ask("ping")

    asyncio.run(main())

    quiet, loud = server.requests("tools/call")
    assert "_meta" not in quiet["params"]
    assert "progressToken" in loud["params"]["_meta"]
    assert [each.message for each in caplog.records] == [message]


def test_the_default_progress_handler_is_an_ordinary_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It can be called by another."""
    caplog.set_level(logging.DEBUG, "fastmcp.client.progress")

    asyncio.run(default_progress_handler(3, 4, "almost"))

    assert caplog.records[0].message == "Progress: 3/4 (75.0%) - almost"
