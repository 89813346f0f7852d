"""Rounds of input: a function that asks its client where servers send no requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, request
from conversation import Conversation, conversation

from fastmcp import Context, FastMCP
from fastmcp.dependencies import Depends
from fastmcp.exceptions import MissingCapability
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.wire.inputs import (
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ListRootsRequest,
)

ROOTS = {"roots": [{"uri": "file:///work"}]}
ABLE: dict[str, Any] = {"roots": {}, "elicitation": {"form": {}}, "sampling": {}}


def accept(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer of a user who agrees to everything."""
    if asked["method"] == "roots/list":
        return ROOTS
    return {"action": "accept", "content": {"value": asked["params"]["message"].upper()}}


Answering = Callable[[dict[str, Any]], dict[str, Any]]


async def rounds_of(
    talk: Conversation, method: str, params: dict[str, Any], answering: Answering = accept
) -> list[dict[str, Any]]:
    """The results of a request, each round's answered until one is complete."""
    results: list[dict[str, Any]] = []
    extra: dict[str, Any] = {}
    for id in range(1, 12):
        answer = await talk.ask(request(method, id, **params, **extra))
        if "error" in answer:
            return [*results, answer]
        result = answer["result"]
        results.append(result)
        if result["resultType"] == "complete":
            return results
        asked: dict[str, Any] = result.get("inputRequests") or {}
        extra = {"inputResponses": {key: answering(each) for key, each in asked.items()}}
        if "requestState" in result:
            extra["requestState"] = result["requestState"]
    raise AssertionError("no end of rounds")


def played(
    mcp: FastMCP,
    tool: str = "ask",
    answering: Answering = accept,
    able: dict[str, Any] = ABLE,
    **arguments: Any,
) -> list[dict[str, Any]]:
    """The rounds of a tool call of a modern client."""

    async def main() -> list[dict[str, Any]]:
        async with conversation(mcp, MODERN, able) as talk:
            params = {"name": tool, "arguments": arguments}
            return await rounds_of(talk, "tools/call", params, answering)

    return asyncio.run(main())


def text(result: dict[str, Any]) -> str:
    """What a tool said."""
    return result["content"][0]["text"]


async def root(ctx: Context) -> str:
    """The client's first root."""
    return (await ctx.list_roots())[0].uri


def test_a_question_ends_the_round_and_its_answer_is_there_in_the_next() -> None:
    """The function runs from its beginning until nothing is open."""
    mcp = FastMCP("x")
    runs: list[int] = []

    @mcp.tool
    async def ask(ctx: Context) -> str:
        runs.append(len(runs))
        return await root(ctx) + " " + await root(ctx)

    first, second, last = played(mcp)

    assert [each["method"] for each in first["inputRequests"].values()] == ["roots/list"]
    assert first["inputRequests"].keys() != second["inputRequests"].keys()
    assert text(last) == "file:///work file:///work" and runs == [0, 1, 2]


def test_a_plain_function_asks_in_the_same_way() -> None:
    """Its thread ends with the round."""
    mcp = FastMCP("x")

    @mcp.tool
    def ask(ctx: Context) -> str:
        return ctx.list_roots()[0].uri  # type: ignore[attr-defined]

    assert text(played(mcp)[-1]) == "file:///work"


def test_questions_that_come_up_together_go_out_together() -> None:
    """In a gather and in a task group alike, each with its own answer."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ctx.elicit(name, str)) for name in ("a", "b")]
        more = await asyncio.gather(ctx.elicit("c", str), ctx.elicit("d", str))
        return "".join(answer.data for answer in (*(t.result() for t in tasks), *more))

    first, second, last = played(mcp)

    assert [len(result["inputRequests"]) for result in (first, second)] == [2, 2]
    assert text(last) == "ABCD"


def test_what_a_function_opened_is_closed_at_the_end_of_each_round() -> None:
    """Its own `finally`, and its dependencies."""
    mcp = FastMCP("x")
    log: list[str] = []

    async def connection() -> Any:
        log.append("open")
        try:
            yield "connection"
        finally:
            log.append("close")

    @mcp.tool
    async def ask(ctx: Context, connection: str = Depends(connection)) -> str:
        try:
            return await root(ctx)
        except Exception:
            log.append("failed")
            raise
        finally:
            log.append("finally")

    played(mcp)

    assert log == ["open", "finally", "close"] * 2


def test_what_a_function_needs_may_ask_as_well() -> None:
    """A dependency, async or plain; it is made anew in each round."""
    mcp = FastMCP("x")

    async def where(ctx: Context) -> str:
        return await root(ctx)

    def who(ctx: Context) -> str:
        return ctx.elicit("who", str).data  # type: ignore[attr-defined]

    @mcp.tool
    def ask(where: str = Depends(where), who: str = Depends(who)) -> str:
        return f"{who} in {where}"

    results = played(mcp)

    assert len(results) == 3 and text(results[-1]) == "WHO in file:///work"


def test_a_question_that_a_function_swallows_is_asked_all_the_same() -> None:
    """A bare `except` around it does not answer in the user's place."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        try:
            return await root(ctx)
        except BaseException:
            return "nobody was asked"

    assert [result["resultType"] for result in played(mcp)] == ["input_required", "complete"]


def test_a_failure_beside_a_question_comes_up_again_when_it_is_answered() -> None:
    """Until then nobody can know what it is due to."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        async def fail() -> None:
            raise ValueError("broken")

        async with asyncio.TaskGroup() as group:
            group.create_task(ctx.list_roots())
            group.create_task(fail())
        return "never"

    asked, failed = played(mcp)

    assert asked["resultType"] == "input_required"
    assert failed["isError"] and "unhandled errors" in text(failed)


def test_a_function_that_goes_on_without_its_answer_is_not_held_to_what_it_makes_of_that() -> None:
    """A gather that collects exceptions, and an error instead of the answer."""
    mcp = FastMCP("x")

    @mcp.tool
    async def gathered(ctx: Context) -> str:
        answers = await asyncio.gather(
            ctx.elicit("a", str), ctx.elicit("b", str), return_exceptions=True
        )
        return "".join(answer.data for answer in answers)

    @mcp.tool
    async def renamed(ctx: Context) -> str:
        try:
            return await root(ctx)
        except BaseException as error:
            raise RuntimeError("no roots") from error

    assert text(played(mcp, "gathered")[-1]) == "AB"
    assert text(played(mcp, "renamed")[-1]) == "file:///work"


def test_a_step_runs_once_whatever_the_number_of_rounds() -> None:
    """And its value is the same in each, as JSON has it."""
    mcp = FastMCP("x")
    runs: list[str] = []

    @mcp.tool
    async def ask(ctx: Context) -> dict[str, Any]:
        async def book() -> tuple[int, ...]:
            runs.append("async")
            return 1, 2

        booked = await ctx.once("book", book)
        plain = await ctx.once("plain", lambda: runs.append("plain"))
        assert isinstance(booked, list)
        return {"booked": booked, "plain": plain, "root": await root(ctx), "again": await root(ctx)}

    last = played(mcp)[-1]

    assert last["structuredContent"]["booked"] == [1, 2] and runs == ["async", "plain"]


def test_a_step_runs_once_in_one_run_of_a_handshake_call_too() -> None:
    """The same key means the same step, and gives the same kind of value."""
    mcp = FastMCP("x")
    runs: list[int] = []

    @mcp.tool
    def ask(ctx: Context) -> list[Any]:
        def step() -> tuple[int, int]:
            runs.append(1)
            return 1, 2

        return [ctx.once("a", step), ctx.once("a", step)]

    async def main() -> Any:
        async with conversation(mcp, HANDSHAKE) as talk:
            return await talk.ask(request("tools/call", 1, name="ask", arguments={}))

    assert asyncio.run(main())["result"]["structuredContent"] == {"result": [[1, 2], [1, 2]]}
    assert runs == [1]


def test_an_answer_is_never_taken_for_that_of_another_question() -> None:
    """A function that asks something else on its next run is not given the old answer."""
    mcp = FastMCP("x")
    names = iter(["first", "second", "second"])

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit(f"delete {next(names)}?", str)).data

    results = played(mcp)

    assert [r["resultType"] for r in results] == ["input_required", "input_required", "complete"]
    assert text(results[-1]) == "DELETE SECOND?"


def test_a_question_without_an_answer_is_asked_again() -> None:
    """Nothing is answered by silence, nor by what is no answer; what nobody asked is ignored."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return await root(ctx)

    answers: list[Any] = [None, 7, {"roots": "none"}, {"action": "accept"}, ROOTS]

    async def main() -> list[str]:
        async with conversation(mcp, MODERN, ABLE) as talk:
            kinds: list[str] = []
            extra: dict[str, Any] = {}
            for id, answer in enumerate(answers, 1):
                message = request("tools/call", id, name="ask", arguments={}, **extra)
                result = (await talk.ask(message))["result"]
                kinds.append(result["resultType"])
                (key,) = result["inputRequests"]
                extra = {
                    "requestState": result["requestState"],
                    "inputResponses": {key: answer, "unasked": ROOTS},
                }
            message = request("tools/call", 99, name="ask", arguments={}, **extra)
            last = await talk.ask(message)
            return [*kinds, text(last["result"])]

    assert asyncio.run(main()) == ["input_required"] * 5 + ["file:///work"]


def test_what_a_client_cannot_do_is_not_asked() -> None:
    """The error says what it would have to declare."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context, caught: bool) -> str:
        try:
            return await root(ctx)
        except MissingCapability as error:
            if caught:
                return str(error)
            raise

    (caught,) = played(mcp, able={"sampling": {}}, caught=True)
    (raised,) = played(mcp, able={"sampling": {}}, caught=False)

    assert text(caught) == "The client does not support roots"
    assert raised["error"]["code"] == -32021
    assert raised["error"]["data"] == {"requiredCapabilities": {"roots": {}}}


def test_prompts_and_resources_ask_as_tools_do() -> None:
    """Templates, too."""
    mcp = FastMCP("x")

    @mcp.prompt
    async def greet(ctx: Context) -> str:
        return await root(ctx)

    @mcp.resource("data://root")
    async def fixed(ctx: Context) -> str:
        return await root(ctx)

    @mcp.resource("data://root/{name}")
    async def template(name: str, ctx: Context) -> str:
        return f"{name} {await root(ctx)}"

    async def main() -> list[Any]:
        async with conversation(mcp, MODERN, ABLE) as talk:
            return [
                (await rounds_of(talk, "prompts/get", {"name": "greet"}))[-1],
                (await rounds_of(talk, "resources/read", {"uri": "data://root"}))[-1],
                (await rounds_of(talk, "resources/read", {"uri": "data://root/a"}))[-1],
            ]

    prompt, fixed_result, template_result = asyncio.run(main())

    assert prompt["messages"][0]["content"]["text"] == "file:///work"
    assert fixed_result["contents"][0]["text"] == "file:///work"
    assert template_result["contents"][0]["text"] == "a file:///work"


def test_middleware_and_nested_calls_ask_in_the_same_rounds() -> None:
    """Whoever asks, the request has one journal."""

    class Confirming(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            assert context.fastmcp_context is not None
            if context.message.name == "outer":
                await context.fastmcp_context.elicit("sure", str)
            return await call_next(context)

    mcp = FastMCP("x", middleware=[Confirming()])

    @mcp.tool
    async def inner(ctx: Context) -> str:
        return await root(ctx)

    @mcp.tool
    async def outer(ctx: Context) -> str:
        return f"{await mcp.call_tool('inner')} {(await ctx.elicit('more', str)).data}"

    results = played(mcp, "outer")

    assert len(results) == 4 and text(results[-1]) == "file:///work MORE"


def demand(**requests: Any) -> InputRequiredResult:
    """A demand for input with state of the tool's own."""
    return InputRequiredResult(input_requests=requests, request_state="asked")


def form(message: str) -> ElicitRequest:
    """A question for one text."""
    schema = {"type": "object", "properties": {"value": {"type": "string"}}}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def guarded() -> FastMCP:
    """A server whose tool returns what it asks, and goes by what comes back."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> Any:
        given = ctx.input_responses
        if not given:
            return demand(who=form("who"), where=ListRootsRequest())
        answered = {key: type(value).__name__ for key, value in sorted(given.items())}
        return {"state": ctx.request_state, **answered}

    return mcp


def test_a_tool_may_return_its_questions_itself() -> None:
    """The next run has the answers by its own keys, and its state as it was."""
    first, last = played(guarded())

    assert set(first["inputRequests"]) == {"who", "where"} and "asked" not in first["requestState"]
    assert last["structuredContent"] == {
        "state": "asked",
        "where": "ListRootsResult",
        "who": "ElicitResult",
    }


def test_of_returned_questions_only_those_go_out_that_the_client_can_answer() -> None:
    """When it can answer none, it is told what it lacks."""
    first, last = played(guarded(), able={"roots": {}})
    (refused,) = played(guarded(), able={})

    assert set(first["inputRequests"]) == {"where"}
    assert last["structuredContent"] == {"state": "asked", "where": "ListRootsResult"}
    assert refused["error"]["code"] == -32021


def test_returned_questions_are_asked_of_a_handshake_client_by_requests() -> None:
    """The same tool serves both eras."""

    async def main() -> Any:
        async with conversation(guarded(), HANDSHAKE, ABLE) as talk:
            talk.send(request("tools/call", 1, name="ask", arguments={}))
            while True:
                message = await talk.receive()
                if "method" not in message:
                    return message["result"]["structuredContent"]
                answer = accept(message)
                talk.send({"jsonrpc": "2.0", "id": message["id"], "result": answer})

    assert asyncio.run(main()) == {
        "state": "asked",
        "where": "ListRootsResult",
        "who": "ElicitResult",
    }


def test_a_demand_for_nothing_is_a_mistake_that_is_told() -> None:
    """Its client could do nothing about it."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask() -> Any:
        return InputRequiredResult()

    (result,) = played(mcp)

    assert result["isError"] and "has input_requests, or request_state" in text(result)


def test_a_tool_may_return_the_official_packages_demand() -> None:
    """By its shape."""
    from mcp import types

    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> Any:
        if ctx.input_responses:
            return ctx.input_responses["where"].roots[0].uri
        return types.InputRequiredResult(input_requests={"where": types.ListRootsRequest()})

    first, last = played(mcp)

    assert "requestState" not in first and text(last) == "file:///work"


@pytest.mark.parametrize("method", ["tools/list", "completion/complete"])
def test_other_methods_have_no_rounds(method: str) -> None:
    """Asking there is an error of the server's, said at once."""

    class Asking(Middleware):
        async def on_request(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            assert context.fastmcp_context is not None
            return await context.fastmcp_context.list_roots()

    mcp = FastMCP("x", middleware=[Asking()])

    async def main() -> Any:
        async with conversation(mcp, MODERN, ABLE) as talk:
            ref = {"type": "ref/prompt", "name": "p"}
            params = (
                {}
                if method == "tools/list"
                else {"ref": ref, "argument": {"name": "a", "value": ""}}
            )
            return await talk.ask(request(method, 1, **params))

    assert "cannot be asked" in asyncio.run(main())["error"]["message"]
