"""What a client says for its tasks, message by message, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.exceptions import ClientError, McpError, TimedOut, ToolError

from ..scripted import HANDSHAKE, MODERN, ROUND, ScriptedServer, text

EXTENSION = "io.modelcontextprotocol/tasks"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
REQUIRED = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
SECONDS = 20


def state(status: str = "working", id: str = "t1", **members: Any) -> dict[str, Any]:
    """A task of the handshake era."""
    times = {"createdAt": "2026-11-22T00:00:00Z", "lastUpdatedAt": "2026-11-22T00:00:00Z"}
    return {"taskId": id, "status": status, "ttl": None, **times, **members}


def modern(status: str = "working", kind: str = "complete", **members: Any) -> dict[str, Any]:
    """A task of the extension."""
    task = state(status)
    del task["ttl"]
    return {"resultType": kind, **task, "ttlMs": None, **members}


def scripted(revision: str, **answers: Any) -> ScriptedServer:
    """A server that gives what is scripted for a method, its name written with `_`: a value, an
    error, or one after the other of several, the last for ever.
    """
    left = {
        name: list(each) if isinstance(each, tuple) else [each] for name, each in answers.items()
    }

    async def serve(message: Any) -> Any:
        given = left.get(message["method"].replace("/", "_"))
        if given is None:
            raise McpError(code=-32601, message=f"Method not found: {message['method']}")
        answer = given.pop(0) if len(given) > 1 else given[0]
        if callable(answer):
            answer = await answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    offered = {"tasks": {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}}
    return ScriptedServer(serve, revision, **(offered if revision == HANDSHAKE else {}))


def used(server: ScriptedServer, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(SECONDS), Client(server, **options) as client:
            return await use(client)

    return asyncio.run(main())


def declared(message: Any) -> Any:
    """The extensions that a request declares."""
    return message["params"]["_meta"][CAPABILITIES].get("extensions")


def methods(server: ScriptedServer) -> list[str]:
    """What was asked after the opening, in order."""
    opening = ("server/discover", "initialize", "notifications/initialized")
    return [each["method"] for each in server.sent if each["method"] not in opening]


# The wish


def test_a_wish_goes_to_a_server_of_2025_11_25_with_tasks() -> None:
    """In the parameters, with how long the result shall be kept; the rest is as ever."""
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_result=text("ok"))

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", {"a": 1}, task=True, meta={"x": 1}, version="2")
        return (await task).content[0].text

    assert used(server, use) == "ok"
    assert methods(server) == ["tools/call", "tasks/result"]
    assert server.sent[-2]["params"] == {
        "name": "t",
        "arguments": {"a": 1},
        "task": {"ttl": 60000},
        "_meta": {"x": 1, "fastmcp": {"version": "2"}},
    }
    assert server.sent[-1]["params"] == {"taskId": "t1"}


@pytest.mark.parametrize("revision", ["2025-06-18", HANDSHAKE])
def test_a_server_that_did_not_offer_tasks_is_not_told_of_the_wish(revision: str) -> None:
    """It might not know the word."""

    async def serve(message: Any) -> Any:
        return text("ok")

    server = ScriptedServer(serve, revision)

    async def use(client: Client) -> Any:
        return await client.call_tool("t", task=True)

    assert used(server, use).returned_immediately
    assert "task" not in server.requests("tools/call")[0]["params"]


def test_the_extension_is_declared_with_the_requests_that_need_it_alone() -> None:
    """Another call beside it is made as ever, and no member of the older shape is sent."""
    result = {"content": [{"type": "text", "text": "ok"}]}
    server = scripted(
        MODERN,
        tools_call=(text("plain"), modern(kind="task"), text("plain")),
        tasks_get=modern("completed", result=result),
    )

    async def use(client: Client) -> Any:
        await client.call_tool("t")
        task = await client.call_tool("t", task=True, ttl=5)
        await client.call_tool("t")
        return (await task).content[0].text

    assert used(server, use) == "ok"
    first, second, third = server.requests("tools/call")
    assert declared(first) is declared(third) is None
    assert declared(second) == declared(server.requests("tasks/get")[0]) == {EXTENSION: {}}
    assert "task" not in second["params"]


def test_other_extensions_are_declared_beside_it_and_settings_are_kept() -> None:
    """A client may have said more of the very extension."""
    server = scripted(MODERN, tools_call=text("ok"))

    async def use(client: Client) -> None:
        await client.call_tool("t", task=True)

    used(server, use, extensions={"org.example/x": {"a": 1}, EXTENSION: {"b": 2}})

    call = server.requests("tools/call")[0]
    assert declared(call) == {"org.example/x": {"a": 1}, EXTENSION: {"b": 2}}


def test_any_method_of_tasks_is_asked_with_the_extension() -> None:
    """Also by `request`."""
    server = scripted(MODERN, tasks_get=modern())

    used(server, lambda client: client.request("tasks/get", {"taskId": "t1"}))

    assert declared(server.requests("tasks/get")[0]) == {EXTENSION: {}}


# Calls that have to be tasks


def refusal(data: Any = REQUIRED) -> McpError:
    return McpError(code=-32021, message="needs tasks", data=data)


def test_a_refused_call_is_made_again_as_a_task_and_the_next_one_at_once() -> None:
    """Of that tool; of another one it is not known yet."""
    server = scripted(
        MODERN,
        tools_call=(refusal(), modern(kind="task"), modern(kind="task"), text("other")),
        tasks_get=(modern(), modern("completed", result=text("ok"))),
    )

    async def use(client: Client) -> Any:
        results = [await client.call_tool(name) for name in ("t", "t", "other")]
        return [each.content[0].text for each in results]

    assert used(server, use) == ["ok", "ok", "other"]
    with_tasks = [declared(each) is not None for each in server.requests("tools/call")]
    assert with_tasks == [False, True, True, False]


@pytest.mark.parametrize(
    "data", [None, "tasks", {"requiredCapabilities": {"sampling": {}}}, {"requiredCapabilities": 1}]
)
def test_a_call_that_is_refused_for_another_reason_is_not_made_again(data: Any) -> None:
    """What the server misses, the client does not have."""
    server = scripted(MODERN, tools_call=refusal(data))

    with pytest.raises(ToolError, match="needs tasks"):
        used(server, lambda client: client.call_tool("t"))
    assert methods(server) == ["tools/call"]


def test_a_server_that_goes_on_refusing_is_asked_twice() -> None:
    """Not for ever."""
    server = scripted(MODERN, tools_call=refusal())

    with pytest.raises(ToolError, match="needs tasks"):
        used(server, lambda client: client.call_tool("t"))
    assert methods(server) == ["tools/call", "tools/call"]


def test_a_call_that_became_a_task_fails_as_the_task_does() -> None:
    """By a result that tells of an error, by the protocol's error, and by nothing at all."""
    wrong = {**text("no luck"), "isError": True}
    failed = {"code": -32000, "message": "no way", "data": {"a": 1}}
    server = scripted(
        MODERN,
        tools_call=(refusal(), modern(kind="task")),
        tasks_get=(
            modern("completed", result=wrong),
            modern("failed", error=failed),
            modern("failed", statusMessage="who knows"),
            modern("cancelled"),
        ),
    )

    async def use(client: Client) -> list[Any]:
        return [await _error(client.call_tool("t")) for _ in range(4)]

    errors = used(server, use)
    assert [str(each) for each in errors[:3]] == ["no luck", "no way", "who knows"]
    assert "was cancelled" in str(errors[3])
    assert all(isinstance(each, ToolError) for each in errors)
    assert (errors[1].code, errors[1].data) == (-32000, {"a": 1})


async def _error(call: Any) -> Exception:
    try:
        await call
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def test_progress_of_a_task_is_a_sign_of_life() -> None:
    """A new message of its status keeps a call from timing out; silence ends it and the task."""
    steps = [modern(statusMessage=f"step {i}", pollIntervalMs=160) for i in range(8)]
    server = scripted(
        MODERN,
        tools_call=(refusal(), modern(kind="task")),
        tasks_get=(*steps, modern("completed", result=text("ok"))),
        tasks_cancel={"resultType": "complete"},
    )

    async def use(client: Client) -> Any:
        return (await client.call_tool("t", timeout=1)).content[0].text

    assert used(server, use) == "ok"

    silent = scripted(
        MODERN,
        tools_call=(refusal(), modern(kind="task")),
        tasks_get=modern(pollIntervalMs=20),
        tasks_cancel={"resultType": "complete"},
    )

    async def late(client: Client) -> None:
        with pytest.raises(TimedOut, match="Task t1 was not done in time"):
            await client.call_tool("t", timeout=0.1)
        while not silent.requests("tasks/cancel"):
            await asyncio.sleep(0.01)

    used(silent, late)


# Questions


def test_each_question_is_answered_once() -> None:
    """However often the server shows it before it has taken the answer; new ones come beside it."""
    asked: list[str] = []

    def answer(message: str, *_: Any) -> Any:
        asked.append(message)
        return {"name": "Ada"}

    one = modern("input_required", inputRequests={"a": ROUND})
    both = modern("input_required", inputRequests={"a": ROUND, "b": ROUND})
    server = scripted(
        MODERN,
        tools_call=modern(kind="task"),
        tasks_get=(one, one, one, both, both, modern(), modern("completed", result=text("ok"))),
        tasks_update={"resultType": "complete"},
    )

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        return (await task).content[0].text

    assert used(server, use, elicitation_handler=answer) == "ok"
    answered = [each["params"]["inputResponses"] for each in server.requests("tasks/update")]
    content = {"action": "accept", "content": {"name": "Ada"}}
    assert answered == [{"a": content}, {"b": content}]
    assert len(asked) == 2


def test_a_question_that_nobody_can_answer_ends_the_waiting() -> None:
    """With what the client lacks; it is not waited for until the end of time."""
    server = scripted(
        MODERN,
        tools_call=modern(kind="task"),
        tasks_get=modern("input_required", inputRequests={"a": ROUND}),
    )

    async def use(client: Client) -> None:
        task = await client.call_tool("t", task=True)
        with pytest.raises(ClientError, match="elicitation_handler"):
            await task
        with pytest.raises(ClientError, match="elicitation_handler"):
            await task.wait(state="completed")

    used(server, use)


def test_a_task_that_ends_while_somebody_is_asked_is_not_waited_for() -> None:
    """Who was asked is left in peace."""
    left: list[bool] = []

    async def answer(*_: Any) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            left.append(True)

    server = scripted(
        MODERN,
        tools_call=modern(kind="task"),
        tasks_get=(
            modern("input_required", inputRequests={"a": ROUND}),
            modern("cancelled"),
        ),
    )

    async def use(client: Client) -> None:
        task = await client.call_tool("t", task=True)
        with pytest.raises(ToolError, match="was cancelled"):
            await task

    used(server, use, elicitation_handler=answer)
    assert left == [True]


# Looking, and being told


def test_a_server_is_asked_soon_and_then_ever_later() -> None:
    """Each pause is half as long again as the one before."""
    times: list[float] = []

    async def look() -> Any:
        times.append(asyncio.get_running_loop().time())
        return modern("completed" if len(times) == 5 else "working", pollIntervalMs=60_000)

    server = scripted(MODERN, tools_call=modern(kind="task", pollIntervalMs=60_000), tasks_get=look)

    async def use(client: Client) -> None:
        await (await client.call_tool("t", task=True)).wait()

    used(server, use)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(
        pause >= least for pause, least in zip(pauses, (0.013, 0.02, 0.03, 0.045), strict=True)
    )


def test_pauses_grow_only_up_to_what_the_server_wishes() -> None:
    """Else the last of these would take minutes."""
    server = scripted(
        MODERN,
        tools_call=modern(kind="task", pollIntervalMs=25),
        tasks_get=(*[modern(pollIntervalMs=25)] * 14, modern("completed", result=text("ok"))),
    )

    async def use(client: Client) -> Any:
        return (await (await client.call_tool("t", task=True)).wait()).status

    assert used(server, use) == "completed"


def status(*args: Any, **members: Any) -> dict[str, Any]:
    return {"method": "notifications/tasks/status", "params": state(*args, **members)}


def test_what_a_server_tells_is_not_asked_for() -> None:
    """Neither the status nor the end."""
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_result=text("ok"))
    heard: list[str] = []

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        server.tell(**status("working", statusMessage="1 of 2"))
        task.on_status_change(lambda now: heard.append(now.status))
        now = await task.status()
        waiting = asyncio.ensure_future(task.wait())
        await asyncio.sleep(0)
        server.tell(**status("completed"))
        return now.status_message, (await waiting).status, (await task).content[0].text

    assert used(server, use) == ("1 of 2", "completed", "ok")
    assert heard == ["completed"]
    assert methods(server) == ["tools/call", "tasks/result"]


def test_a_task_that_was_told_of_before_its_answer_came_is_known() -> None:
    """A fast one may overtake the news that it exists."""

    async def call() -> Any:
        server.tell(**status("completed"))
        return {"task": state()}

    server = scripted(HANDSHAKE, tools_call=call)

    async def use(client: Client) -> Any:
        return (await (await client.call_tool("t", task=True)).status()).status

    assert used(server, use) == "completed"
    assert methods(server) == ["tools/call"]


@pytest.mark.parametrize(
    "params", [{}, {"taskId": 1, "status": "working"}, {"taskId": "t1", "status": "odd"}, []]
)
def test_a_notification_that_cannot_be_read_is_passed_over(params: Any) -> None:
    """The server is asked instead."""
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_get=state("completed"))

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        server.tell(method="notifications/tasks/status", params=params)
        return (await task.wait()).status

    assert used(server, use) == "completed"


def test_tasks_of_others_are_of_no_concern() -> None:
    """However many a server tells of."""
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_get=state("completed"))

    async def use(client: Client) -> Any:
        for i in range(500):
            server.tell(**status("working", id=f"other{i}"))
        server.tell(**status("failed"))
        return (await (await client.call_tool("t", task=True)).status()).status

    assert used(server, use) == "failed"


def test_a_server_that_gives_results_only_of_what_has_ended_is_waited_for() -> None:
    """FastMCP 3 refuses to wait, so the status is looked at."""
    refused = McpError(code=-32602, message="Task not completed yet")
    server = scripted(
        HANDSHAKE,
        tools_call={"task": state()},
        tasks_result=(refused, text("ok")),
        tasks_get=(state(), state("completed")),
    )

    async def use(client: Client) -> Any:
        return (await (await client.call_tool("t", task=True))).content[0].text

    assert used(server, use) == "ok"
    assert methods(server) == [
        "tools/call",
        "tasks/result",
        "tasks/get",
        "tasks/get",
        "tasks/result",
    ]


def test_a_server_that_asks_elsewhere_is_not_pressed_for_the_result() -> None:
    """FastMCP 3 refuses to wait even then, while a person thinks about the answer."""
    refused = McpError(code=-32602, message="Task not completed yet")
    asking = state("input_required", pollInterval=60_000)
    server = scripted(
        HANDSHAKE,
        tools_call={"task": asking},
        tasks_result=(refused, refused, text("ok")),
        tasks_get=asking,
    )

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        waiting = asyncio.ensure_future(task.result())
        server.tell(**status("input_required", statusMessage="What?"))
        while len(server.requests("tasks/result")) < 2:
            await asyncio.sleep(0.01)
        for _ in range(50):
            server.tell(**status("input_required", statusMessage="What?"))
            await asyncio.sleep(0)
        asked = len(server.requests("tasks/result"))
        server.tell(**status("completed"))
        return asked, (await waiting).content[0].text

    assert used(server, use) == (2, "ok")


def test_a_result_that_takes_longer_than_a_request_may_is_still_waited_for() -> None:
    """The timeout of the client is for each request, not for the task."""
    released = asyncio.Event()

    async def result() -> Any:
        await released.wait()
        return text("ok")

    looks = iter(range(100))

    async def look() -> Any:
        if next(looks) > 1:
            released.set()
            return state("completed")
        return state()

    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_result=result, tasks_get=look)

    async def use(client: Client) -> Any:
        return (await (await client.call_tool("t", task=True))).content[0].text

    assert used(server, use, timeout=0.2) == "ok"


def test_several_who_await_a_result_are_asked_its_questions_once() -> None:
    """One of them stands for all while the server asks on its stream."""
    asked: list[str] = []
    server = scripted(HANDSHAKE, tools_call={"task": state()})

    def answer(message: str, *_: Any) -> Any:
        asked.append(message)
        return {"name": "Ada"}

    async def result() -> Any:
        reply = await server.ask("elicitation/create", ROUND["params"], id=f"s{len(asked)}")
        server.tell(**status("completed"))
        return text(reply["result"]["content"]["name"])

    server = scripted(
        HANDSHAKE,
        tools_call={"task": state()},
        tasks_result=result,
        tasks_get=state("input_required"),
    )

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        return await asyncio.gather(task.result(), task.result(), task.wait(state="completed"))

    first, second, now = used(server, use, elicitation_handler=answer)
    assert first.content[0].text == second.content[0].text == "Ada"
    assert now.status == "completed"
    assert len(asked) == 1


# Answers that are none


@pytest.mark.parametrize(
    ("revision", "answer"),
    [
        (HANDSHAKE, {"task": {"taskId": "t1"}}),
        (HANDSHAKE, {"task": 1}),
        (MODERN, {"resultType": "task"}),
        (MODERN, modern(kind="task", status="odd")),
    ],
)
def test_a_task_that_cannot_be_read_is_an_error(revision: str, answer: Any) -> None:
    """It says what was to be read."""
    server = scripted(revision, tools_call=answer)

    with pytest.raises(ClientError, match="made a task of the request, unreadably"):
        used(server, lambda client: client.call_tool("t", task=True))


def test_a_result_that_only_looks_like_a_task_is_a_result() -> None:
    """The word may be anywhere in it."""
    server = scripted(MODERN, tools_call={**text('"task"'), "structuredContent": {"a": "task"}})

    async def use(client: Client) -> Any:
        return await (await client.call_tool("t", task=True))

    assert used(server, use).structured_content == {"a": "task"}


def test_a_task_that_had_ended_when_it_was_made_is_asked_for_its_result() -> None:
    """Servers may be that fast."""
    server = scripted(
        MODERN,
        tools_call=modern("completed", kind="task"),
        tasks_get=modern("completed", result=text("ok")),
    )

    async def use(client: Client) -> Any:
        return (await (await client.call_tool("t", task=True))).content[0].text

    assert used(server, use) == "ok"


# Lists


def test_pages_of_tasks_are_the_server_s() -> None:
    """With its cursor."""
    server = scripted(HANDSHAKE, tasks_list={"tasks": [state()], "nextCursor": "n"})

    async def use(client: Client) -> Any:
        return await client.list_tasks("c", limit=7)

    assert used(server, use) == {"tasks": [state()], "nextCursor": "n"}
    assert server.requests("tasks/list")[0]["params"] == {"cursor": "c", "limit": 7}


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
@pytest.mark.parametrize("listed", [None, {"tasks": []}])
def test_a_server_that_lists_nothing_is_asked_for_the_client_s_own(
    revision: str, listed: Any
) -> None:
    """The latest first, so many as are wanted, without those that are gone."""
    new = [{"task": state(id=f"t{i}")} for i in range(4)]
    if revision == MODERN:
        new = [modern(kind="task") | {"taskId": f"t{i}"} for i in range(4)]
    gone = McpError(code=-32602, message="Task not found")
    answers: dict[str, Any] = {} if listed is None else {"tasks_list": listed}
    server = scripted(
        revision,
        tools_call=tuple(new),
        tasks_get=(gone, state(id="t2"), state(id="t1"), state(id="t0")),
        **answers,
    )

    async def use(client: Client) -> Any:
        for _ in range(4):
            await client.call_tool("t", task=True)
        return await client.list_tasks(limit=2)

    found = used(server, use)
    assert [each["taskId"] for each in found["tasks"]] == ["t2", "t1"]
    assert [each["params"]["taskId"] for each in server.requests("tasks/get")] == ["t3", "t2", "t1"]


def test_an_acknowledged_cancellation_is_followed_by_a_look() -> None:
    """The extension's answer says nothing of the task."""
    server = scripted(MODERN, tasks_cancel={"resultType": "complete"}, tasks_get=modern("working"))

    result = used(server, lambda client: client.cancel_task("t1"))

    assert (result.task_id, result.status) == ("t1", "working")
