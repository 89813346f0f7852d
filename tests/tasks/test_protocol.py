"""Tasks as clients of both eras see them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, initialize, notification
from conversation import REVISIONS, Conversation, conversation

from fastmcp import Context, FastMCP
from fastmcp.exceptions import InvalidSignature, McpError, ToolError
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.tasks import TaskConfig
from fastmcp.server.transforms import ToolTransform
from fastmcp.types import InputRequiredResult

from .talking import ERAS, EXTENSION, RELATED, TaskTalk, talking

in_both_eras = pytest.mark.parametrize("revision", ERAS)
ROME = {"action": "accept", "content": {"value": "Rome"}}


@pytest.fixture(autouse=True)
def kept(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test is for each place where tasks can be kept."""
    monkeypatch.setenv("FASTMCP_DOCKET_URL", backend)


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work())


def asking(method: str, **params: Any) -> Any:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


class Server(FastMCP):
    """One of everything. `steps` goes on when `released` is set."""

    def __init__(self) -> None:
        super().__init__("tasks")
        self.released = asyncio.Event()

        @self.tool(task=True)
        async def add(a: int, b: int) -> int:
            return a + b

        @self.tool(task=True)
        def plain(a: int) -> int:
            return a

        @self.tool(task=TaskConfig(mode="required"))
        async def only_as_task() -> str:
            return "done"

        @self.tool
        async def never() -> str:
            return "at once"

        @self.tool(task=True)
        async def wrong() -> str:
            raise ToolError("that did not work")

        @self.tool(task=True)
        async def refused() -> str:
            raise McpError(code=-32099, message="not like this", data={"why": 1})

        @self.tool(task=True)
        async def greet(ctx: Context) -> str:
            first = await ctx.elicit("First name?", str)
            last = await ctx.elicit("Last name?", str)
            return f"{first.data} {last.data}"

        @self.tool(task=True)
        async def steps(ctx: Context) -> str:
            await ctx.report_progress(1, 2, "halfway")
            await self.released.wait()
            await ctx.report_progress(2, 2, "there")
            return "done"

        @self.resource("data://{key}", task=True)
        async def data(key: str) -> str:
            return f"data of {key}"

        @self.prompt(task=True)
        async def poem(about: str) -> str:
            return f"Write of {about}"


# What is offered


@pytest.mark.parametrize("revision", REVISIONS)
def test_tasks_are_offered_to_those_who_know_them(revision: str) -> None:
    """As a capability in 2025-11-25, as an extension since; in no way before."""

    async def main() -> None:
        talk = Conversation(Server(), revision)
        first = asking("server/discover") if revision == MODERN else initialize(revision)
        offered = (await talk.ask(first))["result"]["capabilities"]
        if revision != MODERN:
            talk.send(notification("notifications/initialized"))
        listed = (await talk.ask(asking("tools/list")))["result"]["tools"]
        talk.session.close()
        support = {each["name"]: each.get("execution") for each in listed}
        if revision == HANDSHAKE:
            assert offered["tasks"]["requests"]["tools"] == {"call": {}}
            assert offered["tasks"]["list"] == offered["tasks"]["cancel"] == {}
            assert support["add"] == {"taskSupport": "optional"}
            assert support["only_as_task"] == {"taskSupport": "required"}
            assert support["never"] is None
        else:
            assert "tasks" not in offered
            assert set(support.values()) == {None}
        assert (EXTENSION in offered.get("extensions", {})) == (revision == MODERN)

    run(main)


@in_both_eras
def test_a_server_without_tasks_has_none_of_it(revision: str) -> None:
    """A wish for one is ignored, and the methods are not there."""
    mcp = FastMCP("none")
    mcp.tool(lambda: 3, name="three")

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            result = await talk.result("tools/call", name="three", arguments={}, task={})
            assert result["content"][0]["text"] == "3"
            assert (await talk.error("tasks/get", taskId="x"))["code"] == -32601

    run(main)


def test_tasks_true_is_for_every_tool_that_says_nothing_else() -> None:
    """Async or not; one that forbids it is left alone."""
    mcp = FastMCP("all", tasks=True)
    mcp.tool(lambda: 1, name="plain")
    mcp.tool(lambda: 2, name="never", task=False)

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk:
            task = await talk.begin("plain")
            assert (await talk.payload(task["taskId"]))["result"]["content"][0]["text"] == "1"
            error = await talk.error("tools/call", name="never", arguments={}, task={})
            assert error["code"] == -32601

    run(main)


# Calls


@in_both_eras
@pytest.mark.parametrize(("name", "arguments"), [("add", {"a": 1, "b": 2}), ("plain", {"a": 3})])
def test_a_call_is_answered_with_a_task_whose_result_is_that_of_the_call(
    revision: str, name: str, arguments: dict[str, int]
) -> None:
    """It says when it was made, how long it is kept, and how often to ask."""

    async def main() -> None:
        async with talking(Server(), revision) as talk:
            task = await talk.begin(name, arguments)
            assert task["status"] == "working"
            assert task["createdAt"] <= task["lastUpdatedAt"]
            kept = task["ttlMs" if talk.modern else "ttl"]
            assert kept == (86_400_000 if talk.modern else 60_000)
            assert task["pollIntervalMs" if talk.modern else "pollInterval"] == 1000
            assert len(task["taskId"]) >= 22
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["structuredContent"] == {"result": 3}
            if not talk.modern:
                assert result["_meta"][RELATED] == {"taskId": task["taskId"]}
            assert (await talk.until(task["taskId"]))["status"] == "completed"

    run(main)


@in_both_eras
def test_a_call_without_a_wish_is_an_ordinary_one(revision: str) -> None:
    """So it is for a modern client that does not know tasks."""

    async def main() -> None:
        async with conversation(Server(), revision) as talk:
            call = asking("tools/call", name="add", arguments={"a": 1, "b": 2})
            assert (await talk.ask(call))["result"]["structuredContent"] == {"result": 3}

    run(main)


def test_the_wish_of_an_older_revision_means_nothing() -> None:
    """It has no tasks."""

    async def main() -> None:
        async with conversation(Server(), "2025-06-18") as talk:
            call = asking("tools/call", name="add", arguments={"a": 1, "b": 2}, task={})
            assert (await talk.ask(call))["result"]["structuredContent"] == {"result": 3}

    run(main)


@in_both_eras
def test_what_runs_only_as_a_task_says_so(revision: str) -> None:
    """In the error that each era has for it."""

    async def main() -> None:
        async with conversation(Server(), revision) as talk:
            call = asking("tools/call", name="only_as_task", arguments={})
            error = (await talk.ask(call))["error"]
        if revision == MODERN:
            assert error["code"] == -32021
            assert error["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        else:
            assert error["code"] == -32601
            assert "has to be called as a task" in error["message"]

    run(main)


def test_what_never_runs_as_a_task_says_so() -> None:
    """A modern client leaves that to the server, and gets its result."""

    async def main() -> None:
        async with talking(Server(), HANDSHAKE) as talk:
            error = await talk.error("tools/call", name="never", arguments={}, task={})
            assert error["code"] == -32601
        async with talking(Server(), MODERN) as talk:
            result = await talk.result("tools/call", name="never", arguments={})
            assert result["content"][0]["text"] == "at once"

    run(main)


@in_both_eras
def test_arguments_that_do_not_fit_make_no_task(revision: str) -> None:
    """They are refused as in any call."""

    async def main() -> None:
        async with talking(Server(), revision) as talk:
            wish = {} if talk.modern else {"task": {}}
            bad = {"a": "x", "b": 1}
            result = await talk.result("tools/call", name="add", arguments=bad, **wish)
            assert result["isError"]
            assert "Invalid arguments" in result["content"][0]["text"]
            if not talk.modern:
                assert (await talk.result("tasks/list"))["tasks"] == []

    run(main)


@in_both_eras
def test_a_tool_that_fails(revision: str) -> None:
    """Its result tells of it; the status is failed in 2025-11-25, and completed since."""

    async def main() -> None:
        async with talking(Server(), revision) as talk:
            task = await talk.begin("wrong")
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["isError"]
            assert result["content"][0]["text"] == "that did not work"
            status = (await talk.get(task["taskId"]))["status"]
            assert status == ("completed" if talk.modern else "failed")

    run(main)


@in_both_eras
def test_a_request_that_fails(revision: str) -> None:
    """The error is that which the request would have been answered with."""

    async def main() -> None:
        async with talking(Server(), revision) as talk:
            task = await talk.begin("refused")
            assert (await talk.until(task["taskId"]))["status"] == "failed"
            error = (await talk.payload(task["taskId"]))["error"]
            assert error == {"code": -32099, "message": "not like this", "data": {"why": 1}}

    run(main)


def test_resources_and_prompts_run_as_tasks() -> None:
    """In 2025-11-25; the extension is for tools alone."""

    async def main() -> None:
        async with talking(Server(), HANDSHAKE) as talk:
            made = await talk.result("resources/read", uri="data://x", task={})
            result = (await talk.payload(made["task"]["taskId"]))["result"]
            assert result["contents"][0]["text"] == "data of x"
            rain = {"about": "rain"}
            made = await talk.result("prompts/get", name="poem", arguments=rain, task={"ttl": 5000})
            result = (await talk.payload(made["task"]["taskId"]))["result"]
            assert result["messages"][0]["content"]["text"] == "Write of rain"
        async with talking(Server(), MODERN) as talk:
            result = await talk.result("resources/read", uri="data://x")
            assert result["contents"][0]["text"] == "data of x"

    run(main)


# Questions


def named(params: Any) -> Any:
    name = "Ann" if "First" in params["message"] else "Lee"
    return {"action": "accept", "content": {"value": name}}


def test_what_a_task_asks_goes_to_the_client_that_waits_for_its_result() -> None:
    """With the task that it belongs to."""
    related: list[Any] = []

    def answer(params: Any) -> Any:
        related.append(params["_meta"][RELATED]["taskId"])
        return named(params)

    async def main() -> None:
        async with talking(Server(), HANDSHAKE, elicitation_create=answer) as talk:
            id = (await talk.begin("greet"))["taskId"]
            await talk.until(id, "input_required")
            result = (await talk.payload(id))["result"]
            assert result["content"][0]["text"] == "Ann Lee"
            assert related == [id, id]

    run(main)


async def past(talk: TaskTalk, id: str, key: str) -> None:
    """Until a question is no longer open."""
    while key in (await talk.get(id)).get("inputRequests", {}):
        await asyncio.sleep(0.01)


def test_what_a_task_asks_is_answered_by_updates() -> None:
    """Keys are never used twice; those that mean nothing are ignored."""

    async def main() -> None:
        async with talking(Server(), MODERN) as talk:
            id = (await talk.begin("greet"))["taskId"]
            seen: set[str] = set()
            for _ in range(2):
                asked = (await talk.until(id, "input_required"))["inputRequests"]
                [(key, question)] = asked.items()
                assert key not in seen
                answer = named(question["params"])
                await talk.result("tasks/update", taskId=id, inputResponses={"x": answer})
                assert (await talk.get(id))["status"] == "input_required"
                responses = {**dict.fromkeys(seen), key: answer}
                await talk.result("tasks/update", taskId=id, inputResponses=responses)
                seen.add(key)
                await past(talk, id, key)
            result = (await talk.until(id))["result"]
            assert result["content"][0]["text"] == "Ann Lee"
            await talk.result("tasks/update", taskId=id, inputResponses={"late": {}})

    run(main)


def form(message: str) -> Any:
    schema = {"type": "object", "properties": {"value": {"type": "string"}}}
    return {
        "method": "elicitation/create",
        "params": {"message": message, "requestedSchema": schema},
    }


def test_answers_may_come_one_by_one() -> None:
    """The function runs again once it has all of them, by the keys that it chose itself."""
    mcp = FastMCP("asks")
    runs: list[list[str]] = []

    @mcp.tool(task=True)
    async def two(ctx: Context) -> Any:
        runs.append(sorted(ctx.input_responses or {}))
        if len(runs) == 3:
            return "done"
        return InputRequiredResult.model_validate(
            {"inputRequests": {"a": form("A?"), "b": form("B?")}, "requestState": "mine"}
        )

    async def main() -> None:
        async with talking(mcp, MODERN) as talk:
            id = (await talk.begin("two"))["taskId"]
            seen: set[str] = set()
            for _ in range(2):
                keys = sorted((await talk.until(id, "input_required"))["inputRequests"])
                assert not seen & set(keys)
                seen |= set(keys)
                for key in keys:
                    await talk.result("tasks/update", taskId=id, inputResponses={key: ROME})
                    await past(talk, id, key)
            assert (await talk.until(id))["result"]["content"][0]["text"] == "done"
        assert runs == [[], ["a", "b"], ["a", "b"]]

    run(main)


@in_both_eras
def test_what_a_client_cannot_answer_fails_the_call(revision: str) -> None:
    """As it does outside of tasks."""
    mcp = Server()

    async def main() -> None:
        knows = {"extensions": {EXTENSION: {}}}
        async with mcp.lifespan.use(), conversation(mcp, revision, knows) as conversed:
            talk = TaskTalk(conversed, {})
            task = await talk.begin("greet")
            ended = await talk.until(task["taskId"])
            if talk.modern:
                assert ended["error"]["code"] == -32021
            else:
                result = (await talk.payload(task["taskId"]))["result"]
                assert "does not support elicitation" in result["content"][0]["text"]

    run(main)


def test_a_call_may_ask_first_and_become_a_task_then() -> None:
    """What was answered before is known in the task; the function passes that point there."""
    mcp = FastMCP("later")
    runs: list[bool] = []

    @mcp.tool(task=TaskConfig(deferred=True))
    async def book(ctx: Context) -> str:
        where = await ctx.elicit("Where to?", str)
        if where.data == "home":
            return "stay"
        await ctx.become_task()
        runs.append(ctx.is_background_task)
        return f"booked {where.data}"

    async def answered(talk: TaskTalk, name: str) -> Any:
        first = await talk.result("tools/call", name="book", arguments={})
        assert first["resultType"] == "input_required"
        [key] = first["inputRequests"]
        return await talk.result(
            "tools/call",
            name="book",
            arguments={},
            requestState=first["requestState"],
            inputResponses={key: {"action": "accept", "content": {"value": name}}},
        )

    async def main() -> None:
        async with talking(mcp, MODERN) as talk:
            assert (await answered(talk, "home"))["content"][0]["text"] == "stay"
            made = await answered(talk, "Rome")
            assert made["resultType"] == "task"
            result = (await talk.until(made["taskId"]))["result"]
            assert result["content"][0]["text"] == "booked Rome"
            assert runs == [True]
        async with conversation(mcp, HANDSHAKE, {"elicitation": {}}) as conversed:
            talk = TaskTalk(conversed, {"elicitation/create": lambda _: ROME})
            result = await talk.result("tools/call", name="book", arguments={})
            assert result["content"][0]["text"] == "booked Rome"
            assert runs == [True, False]

    run(main)


# Ends


@in_both_eras
def test_a_task_that_runs_is_interrupted_when_it_is_cancelled(revision: str) -> None:
    """Once and for all; a second time is an error in 2025-11-25, and nothing since."""
    mcp = FastMCP("rests")
    began: list[str | None] = []
    ended: list[str | None] = []

    @mcp.tool(task=True)
    async def rest(ctx: Context) -> None:
        began.append(ctx.task_id)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(ctx.task_id)

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            id = (await talk.begin("rest"))["taskId"]
            async with asyncio.timeout(20):
                while not began:
                    await asyncio.sleep(0.01)
                answer = await talk.result("tasks/cancel", taskId=id)
                if not talk.modern:
                    assert answer["status"] == "cancelled"
                while not ended:
                    await asyncio.sleep(0.01)
            assert began == ended == [id]
            assert (await talk.get(id))["status"] == "cancelled"
            again = await talk.ask("tasks/cancel", taskId=id)
            if talk.modern:
                assert "result" in again
            else:
                assert again["error"]["code"] == -32602
                assert "cancelled" in (await talk.payload(id))["error"]["message"]

    run(main)


def test_a_tools_timeout_is_not_for_tasks() -> None:
    """Nobody waits."""
    mcp = FastMCP("slow")

    @mcp.tool(task=True, timeout=0.01)
    async def slow() -> str:
        await asyncio.sleep(0.1)
        return "done"

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk:
            assert "timed out" in str(await talk.ask("tools/call", name="slow", arguments={}))
            task = await talk.begin("slow")
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["content"][0]["text"] == "done"

    run(main)


# Whose tasks they are


def test_tasks_are_listed_to_those_whose_they_are() -> None:
    """The latest first, in pages; those of another session are not there."""
    mcp = Server()

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk, talking(mcp, HANDSHAKE) as other:
            ids = [(await talk.begin("plain", {"a": n}))["taskId"] for n in range(105)][::-1]
            page = await talk.result("tasks/list")
            assert [task["taskId"] for task in page["tasks"]] == ids[:100]
            rest = await talk.result("tasks/list", cursor=page["nextCursor"])
            assert [task["taskId"] for task in rest["tasks"]] == ids[100:]
            assert "nextCursor" not in rest
            assert (await talk.error("tasks/list", cursor="x"))["code"] == -32602
            assert (await other.result("tasks/list"))["tasks"] == []

    run(main)


def be(talk: TaskTalk, name: str) -> None:
    """Have a client be somebody."""
    talk.talk.connection.identity = LocalIdentity.of({"sub": name})


@in_both_eras
def test_somebody_elses_task_is_as_one_that_is_not_there(revision: str) -> None:
    """For every method, and for streams of changes."""
    mcp = Server()

    async def main() -> None:
        async with talking(mcp, revision) as ann, talking(mcp, revision) as bob:
            be(ann, "ann")
            be(bob, "bob")
            id = (await ann.begin("greet"))["taskId"]
            await ann.until(id, "input_required")
            other = "0" * len(id)
            for method in ("tasks/get", "tasks/cancel", "tasks/update", "tasks/result"):
                if method == ("tasks/result" if ann.modern else "tasks/update"):
                    continue
                more = {"inputResponses": {}} if method == "tasks/update" else {}
                unknown = await bob.error(method, taskId=other, **more)
                theirs = await bob.error(method, taskId=id, **more)
                assert theirs["code"] == unknown["code"] == -32602
                assert theirs["message"].replace(id, other) == unknown["message"]
            assert (await ann.get(id))["status"] == "input_required"
            if ann.modern:
                bob.talk.send(asking("subscriptions/listen", notifications={"taskIds": [id]}))
                heard = await bob.hear("notifications/subscriptions/acknowledged")
                assert heard["notifications"]["taskIds"] == []
            else:
                assert (await bob.result("tasks/list"))["tasks"] == []

    run(main)


# Notifications


def test_a_session_hears_of_its_tasks() -> None:
    """Of each status, with the whole task, and with the progress that it asked for."""

    async def main() -> None:
        mcp = Server()
        async with talking(mcp, HANDSHAKE) as talk, talking(mcp, HANDSHAKE) as other:
            task = await talk.begin("steps", _meta={"progressToken": "p"})
            progress = await talk.hear("notifications/progress")
            assert (progress["progress"], progress["total"]) == (1, 2)
            assert progress["progressToken"] == "p"
            assert progress["_meta"][RELATED] == {"taskId": task["taskId"]}
            status = await talk.hear("notifications/tasks/status")
            assert (status["status"], status["statusMessage"]) == ("working", "halfway")
            mcp.released.set()
            while (status := await talk.hear("notifications/tasks/status"))["status"] == "working":
                pass
            assert status["status"] == "completed"
            assert {**status, **task}.keys() == status.keys()
            await other.result("ping")
            assert other.told == []

    run(main)


def test_a_stream_of_changes_tells_of_tasks() -> None:
    """The whole task, with its result."""

    async def main() -> None:
        mcp = Server()
        async with talking(mcp, MODERN) as talk:
            task = await talk.begin("steps")
            wanted = {"taskIds": [task["taskId"], "unknown"]}
            talk.talk.send(asking("subscriptions/listen", notifications=wanted))
            heard = await talk.hear("notifications/subscriptions/acknowledged")
            assert heard["notifications"] == {"taskIds": [task["taskId"]]}
            mcp.released.set()
            while (told := await talk.hear("notifications/tasks"))["status"] == "working":
                pass
            assert told["result"]["content"][0]["text"] == "done"
            assert told["_meta"]["io.modelcontextprotocol/subscriptionId"] == 7

    run(main)


def test_what_is_about_tasks_needs_the_extension() -> None:
    """The client says that it knows them."""

    async def main() -> None:
        async with conversation(Server(), MODERN) as talk:
            wanted = {"taskIds": ["x"]}
            answer = await talk.ask(asking("subscriptions/listen", notifications=wanted))
            assert answer["error"]["code"] == -32021
            answer = await talk.ask(asking("tasks/get", taskId="x"))
            assert answer["error"]["code"] == -32021

    run(main)


# Around


@in_both_eras
def test_middleware_stands_around_the_beginning_of_a_task(revision: str) -> None:
    """It sees the task; what it refuses becomes none."""
    seen: list[str] = []

    class Watching(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            if context.message.arguments.get("a") == 0:
                raise ToolError("not zero")
            result = await call_next(context)
            seen.append(type(result).__name__)
            return result

    mcp = Server()
    mcp.add_middleware(Watching())

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            task = await talk.begin("add", {"a": 1, "b": 2})
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["structuredContent"] == {"result": 3}
            wish = {} if talk.modern else {"task": {}}
            refused = await talk.result("tools/call", name="plain", arguments={"a": 0}, **wish)
            assert refused["content"][0]["text"] == "not zero"
            assert seen == ["CreateTaskResult"]

    run(main)


@in_both_eras
@pytest.mark.parametrize("depth", [1, 2])
def test_tools_of_mounted_servers_run_as_tasks(revision: str, depth: int) -> None:
    """By the names that they have there, in their own server."""
    child = FastMCP("child")

    @child.tool(task=True)
    async def who(ctx: Context) -> str:
        name = await ctx.elicit("Who?", str)
        return f"{ctx.fastmcp.name} {ctx.is_background_task} {name.data}"

    host = child
    for level in range(depth):
        outer = FastMCP(f"host {level}")
        outer.mount(host, "in")
        host = outer

    async def main() -> None:
        async with talking(host, revision, elicitation_create=lambda _: ROME) as talk:
            id = (await talk.begin("in_" * depth + "who"))["taskId"]
            asked = await talk.until(id, "input_required")
            if talk.modern:
                answers = dict.fromkeys(asked["inputRequests"], ROME)
                await talk.result("tasks/update", taskId=id, inputResponses=answers)
                await past(talk, id, next(iter(answers)))
            result = (await talk.payload(id))["result"]
            assert result["content"][0]["text"] == "child True Rome"

    run(main)


@in_both_eras
def test_a_tool_that_a_task_uses_is_a_part_of_it(revision: str) -> None:
    """It is not another task."""
    mcp = Server()

    @mcp.tool(task=True)
    async def outer() -> int:
        return await mcp.call_tool("add", {"a": 1, "b": 2})

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            task = await talk.begin("outer")
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["structuredContent"] == {"result": 3}

    run(main)


def test_a_program_waits_for_what_it_calls() -> None:
    """There is no client to be given a task."""

    async def main() -> None:
        assert await Server().call_tool("only_as_task") == "done"

    run(main)


def test_a_server_has_tasks_in_one_event_loop_after_the_other() -> None:
    """Each has its own."""
    mcp = FastMCP("twice", tasks=True)
    mcp.tool(lambda: 1, name="one")

    async def main() -> str:
        async with talking(mcp, MODERN) as talk:
            task = await talk.begin("one")
            assert (await talk.until(task["taskId"]))["status"] == "completed"
            return task["taskId"]

    assert run(main) != run(main)


@pytest.mark.parametrize("value", ["sometimes", 3, {"mode": "optional"}])
def test_what_task_cannot_be_is_refused(value: Any) -> None:
    """With what it can."""
    with pytest.raises(InvalidSignature, match="task="):
        FastMCP().tool(lambda: 1, name="one", task=value)


@in_both_eras
def test_a_tool_that_was_transformed_runs_as_its_parent_does(revision: str) -> None:
    """By its own name."""
    mcp = Server()
    mcp.add_transform(ToolTransform({"add": {"name": "plus"}}))

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            task = await talk.begin("plus", {"a": 1, "b": 2})
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["structuredContent"] == {"result": 3}

    run(main)


def test_a_key_is_never_used_twice() -> None:
    """Though what is asked is the same: a client takes a key that it knows for answered."""
    mcp = Server()

    async def main() -> None:
        async with talking(mcp, MODERN) as talk:
            id = (await talk.begin("greet"))["taskId"]
            [first] = (await talk.until(id, "input_required"))["inputRequests"]
            await talk.result("tasks/update", taskId=id, inputResponses={first: {"no": "answer"}})
            await past(talk, id, first)
            asked = (await talk.until(id, "input_required"))["inputRequests"]
            [(second, question)] = asked.items()
            assert second != first
            assert question["params"]["message"] == "First name?"
            ann = named(question["params"])
            await talk.result("tasks/update", taskId=id, inputResponses={first: ROME, second: ann})
            await past(talk, id, second)
            [(last, question)] = (await talk.until(id, "input_required"))["inputRequests"].items()
            assert question["params"]["message"] == "Last name?"
            lee = named(question["params"])
            await talk.result("tasks/update", taskId=id, inputResponses={last: lee})
            result = (await talk.until(id))["result"]
            assert result["content"][0]["text"] == "Ann Lee"

    run(main)


@in_both_eras
def test_who_asks_in_one_era_sees_what_was_begun_in_the_other(revision: str) -> None:
    """A tool that fails has failed in 2025-11-25, and is completed since, whoever called it."""
    mcp = Server()

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as old, talking(mcp, MODERN) as new:
            be(old, "ann")
            be(new, "ann")
            id = (await (new if revision == MODERN else old).begin("wrong"))["taskId"]
            assert (await new.until(id))["status"] == "completed"
            assert (await old.get(id))["status"] == "failed"
            service = mcp._parts.tasks.running
            assert service is not None
            assert (await service.retry(id)).leg == 2

    run(main)


def test_a_service_begins_for_several_clients_at_once_in_each_event_loop() -> None:
    """One loop has nothing of another's."""
    mcp = Server()

    async def main() -> None:
        async with talking(mcp, MODERN) as ann, talking(mcp, MODERN) as bob:
            begun = await asyncio.gather(*(each.begin("plain", {"a": 1}) for each in (ann, bob)))
            for task in begun:
                assert (await ann.until(task["taskId"]))["status"] == "completed"

    run(main)
    run(main)
