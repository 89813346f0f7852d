"""What an inspector does with a server, in both eras, as its page asks for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from processes import free_port, http_server

from .running import EVERYTHING, Running, User, command, enter, inspecting

ERAS = ["2026-07-28", "2025-11-25"]


@pytest.fixture(params=ERAS)
def spoken(request: pytest.FixtureRequest, user: User) -> User:
    """A user whose inspector speaks a revision of either era."""
    user.connected(transport="stdio", command=command(), mode=request.param)
    return user


def test_the_server_of_the_command_line_is_connected_to(alone: User) -> None:
    """What it says of itself, and every message with its direction."""
    open_ = alone.connected()

    assert open_["server"]["name"] == "Everything" and open_["protocol"] == "2026-07-28"
    assert open_["instructions"] == "It has a **tool** of each kind."
    assert "tools" in open_["capabilities"]
    first = alone.messages()[0]
    assert (first["direction"], first["kind"]) == ("sent", "request")
    assert json.loads(first["text"])["method"] == first["method"] == "server/discover"


@pytest.mark.parametrize("mode", [*ERAS, "2025-03-26", "legacy"])
def test_the_revision_is_chosen(user: User, mode: str) -> None:
    """One is spoken unasked, the others are offered in a handshake."""
    open_ = user.connected(transport="stdio", command=command(), mode=mode)

    assert open_["protocol"] == ("2025-11-25" if mode == "legacy" else mode)
    assert open_["server"]["name"] == "Everything" and "tools" in open_["capabilities"]


def test_a_call_has_its_messages_and_its_result(spoken: User) -> None:
    """They are known by the name that the page gave."""
    result = spoken.call_tool("add", a=1, b=2)

    assert result["structuredContent"] == {"result": 3}
    (request,) = spoken.messages(method="tools/call")
    assert request["call"].startswith(spoken._name)
    (response,) = spoken.messages(direction="received", id=request["id"])
    assert response["kind"] == "response" and response["seq"] > request["seq"]


def test_progress_and_logs_are_seen_while_it_runs(spoken: User) -> None:
    """As messages of the server, before the result."""
    spoken.call_tool("slow", steps=2)

    methods = [each["method"] for each in spoken.messages(kind="notification")]
    assert methods.count("notifications/progress") == 2
    assert methods.count("notifications/message") == 2


def test_a_call_is_cancelled(spoken: User) -> None:
    """The server is told."""
    arguments = {"name": "slow", "arguments": {"steps": 1000, "pause": 1}}
    call = spoken.begin("request", method="tools/call", params=arguments)
    spoken.until("message", lambda event: event["method"] == "notifications/progress")

    spoken.act("cancel", call=call)

    assert spoken.outcome(call)["cancelled"] is True
    spoken.until("message", lambda event: event["method"] == "notifications/cancelled")


def test_an_error_is_given_as_the_server_gave_it(spoken: User) -> None:
    """With its code; a tool that fails has a result all the same."""
    call = spoken.begin("request", method="resources/read", params={"uri": "data://none"})
    error = spoken.outcome(call)["error"]
    failed = spoken.call_tool("fail", reason="broken")

    assert isinstance(error["code"], int) and error["message"]
    assert failed["isError"] is True and "broken" in failed["content"][0]["text"]


def test_a_form_is_answered(spoken: User) -> None:
    """A question waits for its answer, and is gone with it."""
    call = spoken.begin("request", method="tools/call", params={"name": "book", "arguments": {}})
    question = spoken.until("question")["question"]
    spoken.act("answer", id=question["id"], answer={"action": "accept", "content": {"guests": 4}})

    assert question["kind"] == "elicitation"
    assert question["params"]["requestedSchema"]["required"] == ["guests"]
    assert "guests=4" in spoken.outcome(call)["result"]["content"][0]["text"]
    assert spoken.until("answered")["id"] == question["id"]


def test_a_page_is_visited(spoken: User) -> None:
    """A URL is shown, and may be declined."""
    call = spoken.begin("request", method="tools/call", params={"name": "visit", "arguments": {}})
    question = spoken.until("question")["question"]
    spoken.act("answer", id=question["id"], answer={"action": "decline"})

    assert question["params"]["url"] == "https://pay.example/1"
    assert spoken.outcome(call)["result"]["content"][0]["text"] == "decline"


@pytest.mark.parametrize("declined", [False, True])
def test_a_model_is_played(spoken: User, declined: bool) -> None:
    """The person answers in its place, or declines."""
    call = spoken.begin(
        "request", method="tools/call", params={"name": "think", "arguments": {"about": "life"}}
    )
    question = spoken.until("question")["question"]
    content = {"type": "text", "text": "42"}
    result = {"role": "assistant", "model": "me", "content": content}
    spoken.act(
        "answer", id=question["id"], answer={"declined": True} if declined else {"result": result}
    )
    outcome = spoken.outcome(call)

    assert question["params"]["systemPrompt"] == "Be short."
    if declined:
        assert "declined" in json.dumps(outcome)
    else:
        assert outcome["result"]["content"][0]["text"] == "42"


def test_roots_are_offered(spoken: User) -> None:
    """Those of now; what is no root is refused, and changes nothing."""
    spoken.outcome(spoken.begin("roots", roots=["file:///work"]))
    refused = spoken.outcome(spoken.begin("roots", roots=["https://example.com"]))

    assert "file://" in refused["error"]["message"]
    assert spoken.call_tool("where")["structuredContent"] == {"result": ["file:///work"]}


def test_a_task_is_followed_to_its_result(spoken: User) -> None:
    """Each of its states is told."""
    params = {"name": "slow", "arguments": {"steps": 2}}
    call = spoken.begin("request", method="tools/call", params=params, asTask=True)
    outcome = spoken.outcome(call)

    states = [event for name, event in spoken.events if name == "task"]
    assert outcome["result"]["content"][0]["text"] == "counted"
    assert {each["call"] for each in states} == {call}
    assert states[0]["task"]["status"] == "working"
    assert states[-1]["task"]["status"] == "completed"


def test_a_task_is_cancelled(spoken: User) -> None:
    """Whoever follows it learns that."""
    params = {"name": "slow", "arguments": {"steps": 1000, "pause": 1}}
    call = spoken.begin("request", method="tools/call", params=params, asTask=True)
    task = spoken.until("task")["task"]["taskId"]
    spoken.outcome(spoken.begin("cancel-task", task=task))

    assert "error" in spoken.outcome(call)
    spoken.until("task", lambda event: event["task"]["status"] == "cancelled")


def test_a_server_of_the_handshake_era_lists_its_tasks(user: User) -> None:
    """Those that it has kept."""
    user.connected(transport="stdio", command=command(), mode="2025-11-25")
    params = {"name": "slow", "arguments": {"steps": 1}}
    user.outcome(user.begin("request", method="tools/call", params=params, asTask=True))

    (listed,) = user.outcome(user.begin("tasks"))["result"]["tasks"]

    assert listed["status"] == "completed"


def test_changes_are_told(spoken: User) -> None:
    """Of lists, and of a resource that was subscribed to."""
    spoken.outcome(spoken.begin("subscribe", uri="data://config"))
    spoken.call_tool("touch")
    spoken.until("message", lambda e: e["method"] == "notifications/resources/updated")
    spoken.call_tool("grow")
    spoken.until("message", lambda e: e["method"] == "notifications/tools/list_changed")

    assert "more" in [each["name"] for each in spoken.request("tools/list")["tools"]]
    assert "error" not in spoken.outcome(spoken.begin("unsubscribe", uri="data://config"))


def test_the_level_and_a_ping(spoken: User) -> None:
    """The server logs from that level on."""
    assert "error" not in spoken.outcome(spoken.begin("ping"))
    spoken.outcome(spoken.begin("level", level="error"))
    spoken.forget()
    spoken.call_tool("slow", steps=1)

    assert spoken.messages(method="notifications/message") == []


def test_what_is_not_offered_is_not_declared(user: User) -> None:
    """A server that asks for it all the same is told so by its framework."""
    target = {"transport": "stdio", "command": command(), "mode": "2025-11-25"}
    offers = {"sampling": False, "elicitation": False, "roots": False, "apps": False}
    user.act("connect", target=target, offers=offers)
    user.until("connection", lambda e: e["status"] == "open" and e["protocol"] == "2025-11-25")

    (initialize,) = user.messages(method="initialize")
    assert json.loads(initialize["text"])["params"]["capabilities"] == {}
    assert user.call_tool("think", about="x")["isError"] is True


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_a_server_over_http(user: User, transport: str, tmp_path: Path) -> None:
    """With headers; over HTTP+SSE it is one of the handshake era."""
    port = free_port()
    serving = ["-m", "fastmcp", "run", EVERYTHING, "-t", transport, "-p", str(port), "--no-banner"]
    with http_server(serving, tmp_path / "log", port=port) as server:
        url = server.url if transport == "http" else server.url.replace("/mcp", "/sse")
        target = {"transport": transport, "url": url, "mode": "auto", "headers": {"x-a": "b"}}
        open_ = user.connected(**target)
        result = user.call_tool("add", a=4)
        user.act("disconnect")

    assert open_["protocol"] == ("2026-07-28" if transport == "http" else "2025-11-25")
    assert result["structuredContent"] == {"result": 6}


def test_a_server_that_goes_away_is_lost(user: User) -> None:
    """What was asked fails, its last words are there, and it can be connected to again."""
    user.connected(transport="stdio", command=command(), mode="auto")
    call = user.begin("request", method="tools/call", params={"name": "leave", "arguments": {}})

    assert "exit code 3" in user.outcome(call)["error"]["message"]
    assert user.until("connection", lambda event: event["status"] == "lost")["error"]
    user.until("stderr", lambda event: event["line"] == "The server leaves")
    user.forget()
    user.act("reconnect")
    user.connected()
    assert user.call_tool("add", a=1)["structuredContent"] == {"result": 3}


@pytest.mark.parametrize(
    "target, said",
    [
        ({"command": "no-such-program --x"}, "no-such-program"),
        ({"command": f"{sys.executable} -c 'raise ValueError(7)'"}, "ValueError: 7"),
        ({"command": "'"}, "cannot be read"),
        ({"command": ""}, "Give the command"),
        ({"transport": "http", "url": "ftp://x"}, "http(s)"),
        ({"transport": "http", "url": "http://127.0.0.1:9/mcp"}, "127.0.0.1:9"),
        ({"mode": "2020-01-01", "command": "true"}, "2020-01-01"),
    ],
)
def test_what_cannot_be_connected_to_says_why(
    user: User, target: dict[str, str], said: str
) -> None:
    """In the words of the client."""
    user.act("connect", target=target)
    failed = user.until("connection", lambda event: event["status"] == "failed")

    assert said in failed["error"]["message"]


def test_who_comes_later_sees_what_was(shared: tuple[Running, str], user: User) -> None:
    """The events that were, and what is so now: the connection, the questions that are open."""
    user.connected(transport="stdio", command=command(), mode="auto")
    call = user.begin("request", method="tools/call", params={"name": "book", "arguments": {}})
    question = user.until("question")["question"]["id"]

    other = User(*shared)
    other.close()

    assert other.snapshot["connection"]["status"] == "open"
    assert [each["id"] for each in other.snapshot["questions"]] == [question]
    assert other.snapshot["calls"] == [call]
    sent = other.messages(method="tools/call", call=call)
    assert sent == user.messages(method="tools/call", call=call) != []


def test_a_server_is_started_anew_when_its_file_changes(tmp_path: Path) -> None:
    """The new one is connected to."""
    file = tmp_path / "server.py"
    source = "from fastmcp import FastMCP\n\nmcp = FastMCP('first')\n"
    file.write_text(source)
    with inspecting("server.py", cwd=tmp_path) as running:
        user = enter(running)
        user.connected()
        file.write_text(source.replace("first", "second"))

        def is_second(event: dict[str, object]) -> bool:
            return event["status"] == "open" and "second" in json.dumps(event["server"])

        user.until("connection", is_second)
        note = user.until("note")["text"]
        user.close()

    assert note == "server.py changed"
