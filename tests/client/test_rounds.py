"""Rounds of input: what a client sends again, and when it stops."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.exceptions import ClientError, McpError, TimedOut

from .scripted import HANDSHAKE, ROUND, ScriptedServer, form, needs, question, text

SAMPLING = question(
    "sampling/createMessage",
    messages=[{"role": "user", "content": {"type": "text", "text": "2+2?"}}],
    maxTokens=10,
)
PROGRESS = "progressToken"


def in_turn(*results: Any) -> Callable[[Any], Any]:
    """A server that gives these results, one after the other, and the last for ever."""
    left = list(results)

    async def serve(message: Any) -> Any:
        return copy.deepcopy(left.pop(0) if len(left) > 1 else left[0])

    return serve


def used(server: ScriptedServer, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(server, **options) as client:
            return await use(client)

    return asyncio.run(main())


def own(request: Any) -> Any:
    """The parameters of a request without the envelope."""
    return {name: value for name, value in request["params"].items() if name != "_meta"}


def answer(*_: Any) -> dict[str, str]:
    return {"name": "Ada"}


@pytest.mark.parametrize(
    ("method", "use", "last"),
    [
        ("tools/call", lambda c: c.call_tool("t", {"a": [1.0, 1]}), text("ok")),
        ("prompts/get", lambda c: c.get_prompt("p", {"a": 1}), {"messages": []}),
        ("resources/read", lambda c: c.read_resource("r://1"), {"contents": []}),
    ],
)
def test_a_retry_is_the_same_request_with_a_new_id_the_answers_and_the_state(
    method: str, use: Any, last: Any
) -> None:
    """For each of the three methods that a server may answer so; the state comes back exactly."""
    state = 'é"\\ 😀=='
    server = ScriptedServer(in_turn(needs(state, name=ROUND), last))

    used(server, use, elicitation_handler=answer)

    first, second = server.requests(method)
    content = {"action": "accept", "content": {"name": "Ada"}}
    assert own(second) == {
        **own(first),
        "inputResponses": {"name": content},
        "requestState": state,
    }
    assert first["id"] != second["id"]
    assert {*first["params"]["_meta"]} == {*second["params"]["_meta"]}


def test_each_round_carries_its_own_answers_and_state_only() -> None:
    """What a later round does not ask for or does not give is not sent again."""
    other = question("elicitation/create", **form(name={"type": "string"}))
    server = ScriptedServer(
        in_turn(needs("one", a=ROUND), needs(b=other), needs("three"), text("ok"), text("next"))
    )

    async def use(client: Client) -> None:
        await client.call_tool("t")
        await client.call_tool("t")

    used(server, use, elicitation_handler=answer)

    echoed = [
        (list(own(each).get("inputResponses", {})), own(each).get("requestState"))
        for each in server.requests("tools/call")
    ]
    assert echoed == [([], None), (["a"], "one"), (["b"], None), ([], "three"), ([], None)]
    assert "inputResponses" not in own(server.requests("tools/call")[3])


def test_every_round_has_the_meta_of_the_call_and_a_progress_token_of_its_own() -> None:
    """`meta=` and the asked-for version go with each; progress is heard in each."""
    heard: list[float] = []

    async def serve(message: Any) -> Any:
        token = message["params"]["_meta"][PROGRESS]
        params = {PROGRESS: token, "progress": len(server.requests("tools/call"))}
        server.tell(method="notifications/progress", params=params)
        return text("ok") if "inputResponses" in message["params"] else needs("s", name=ROUND)

    server = ScriptedServer(serve)

    async def use(client: Client) -> None:
        await client.call_tool(
            "t",
            meta={"org.example/trace": "7"},
            version="2",
            progress_handler=lambda done, total, message: heard.append(done),
        )

    used(server, use, elicitation_handler=answer)

    metas = [each["params"]["_meta"] for each in server.requests("tools/call")]
    assert [meta["org.example/trace"] for meta in metas] == ["7", "7"]
    assert [meta["fastmcp"]["version"] for meta in metas] == ["2", "2"]
    assert metas[0][PROGRESS] != metas[1][PROGRESS]
    assert heard == [1, 2]


def test_arguments_that_are_changed_while_the_user_thinks_are_sent_as_they_were() -> None:
    """The server binds its state to them."""
    arguments = {"items": [1, 2]}
    server = ScriptedServer(in_turn(needs("s", name=ROUND), text("ok")))

    def meddle(*_: Any) -> dict[str, str]:
        arguments["items"].append(3)
        return {"name": "Ada"}

    used(server, lambda c: c.call_tool("t", arguments), elicitation_handler=meddle)

    assert [own(each)["arguments"] for each in server.requests("tools/call")] == [
        {"items": [1, 2]},
        {"items": [1, 2]},
    ]


def test_the_questions_of_a_round_are_answered_at_the_same_time() -> None:
    """All three kinds; a handler that waits for the other is not waited for first."""
    asked = asyncio.Event()
    server = ScriptedServer(
        in_turn(needs("s", a=ROUND, b=SAMPLING, c=question("roots/list")), text("ok"))
    )

    async def elicit(*_: Any) -> dict[str, str]:
        await asked.wait()
        return {"name": "Ada"}

    async def sample(*_: Any) -> str:
        asked.set()
        return "4"

    used(
        server,
        lambda c: c.call_tool("t"),
        elicitation_handler=elicit,
        sampling_handler=sample,
        roots=["file:///work"],
    )

    assert own(server.requests("tools/call")[1])["inputResponses"] == {
        "a": {"action": "accept", "content": {"name": "Ada"}},
        "b": {"role": "assistant", "content": {"type": "text", "text": "4"}, "model": "unknown"},
        "c": {"roots": [{"uri": "file:///work"}]},
    }


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_user_who_does_not_answer_is_an_answer(action: Any) -> None:
    """It is sent, and has no content."""
    server = ScriptedServer(in_turn(needs("s", name=ROUND), text("ok")))

    async def refuse(*_: Any) -> Any:
        return ElicitResult(action=action, content={"name": "Ada"})

    used(server, lambda c: c.call_tool("t"), elicitation_handler=refuse)

    retry = server.requests("tools/call")[1]
    assert own(retry)["inputResponses"] == {"name": {"action": action}}


def test_a_state_without_questions_is_sent_back_after_growing_pauses() -> None:
    """Nothing is asked; the server is not asked again at once."""
    times: list[float] = []

    async def serve(message: Any) -> Any:
        times.append(asyncio.get_running_loop().time())
        return text("ok") if len(times) == 5 else needs(str(len(times)))

    server = ScriptedServer(serve)

    used(server, lambda c: c.call_tool("t"))

    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(
        pause >= least for pause, least in zip(pauses, (0.04, 0.09, 0.19, 0.24), strict=True)
    )
    states = [own(each).get("requestState") for each in server.requests("tools/call")]
    assert states == [None, "1", "2", "3", "4"]


@pytest.mark.parametrize(("options", "most"), [({}, 10), ({"input_required_max_rounds": 2}, 2)])
def test_a_server_that_never_has_enough_is_given_up(options: Any, most: int) -> None:
    """After ten rounds, or as many as the client was told; the error names the option."""
    server = ScriptedServer(in_turn(needs("s", name=ROUND)))

    with pytest.raises(ClientError, match=f"after {most} rounds.*input_required_max_rounds"):
        used(server, lambda c: c.call_tool("t"), elicitation_handler=answer, **options)

    assert len(server.requests("tools/call")) == 1 + most


def test_what_no_handler_answers_is_an_error_before_any_handler_is_called() -> None:
    """The other question of the round is not answered, and the error names the handler."""
    called: list[Any] = []
    server = ScriptedServer(in_turn(needs("s", a=ROUND, b=SAMPLING), text("ok")))

    with pytest.raises(ClientError, match="this client has no sampling_handler"):
        used(server, lambda c: c.call_tool("t"), elicitation_handler=called.append)

    assert called == []
    assert len(server.requests("tools/call")) == 1


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (question("tools/list"), "Method not found"),
        (question("elicitation/create", message="?"), "requestedSchema"),
        (question("elicitation/create", **form(), mode="voice"), "'voice' is not supported"),
        (question("sampling/createMessage", **SAMPLING["params"], tools=[]), "sampling.tools"),
    ],
)
def test_a_question_that_is_none_is_an_error(asked: Any, why: str) -> None:
    """Unknown methods, broken parameters and what was not declared are told to the caller."""
    server = ScriptedServer(in_turn(needs("s", a=asked), text("ok")))

    with pytest.raises(ClientError, match=why):
        used(
            server,
            lambda c: c.call_tool("t"),
            elicitation_handler=answer,
            sampling_handler=lambda *_: "4",
        )

    assert len(server.requests("tools/call")) == 1


@pytest.mark.parametrize(
    "broken",
    [needs(), {"resultType": "input_required", "inputRequests": {"a": 1}}, {"resultType": 1}],
)
def test_a_demand_that_cannot_be_met_or_read_is_an_error(broken: Any) -> None:
    """Nothing asked and nothing to give back; questions that are none; a kind that is none."""
    server = ScriptedServer(in_turn(broken, text("ok")))

    with pytest.raises(ClientError, match="The server"):
        used(server, lambda c: c.call_tool("t"), elicitation_handler=answer)

    assert len(server.requests("tools/call")) == 1


@pytest.mark.parametrize("method", ["elicitation", "sampling", "roots"])
def test_a_handler_that_fails_ends_the_request(method: str) -> None:
    """Its caller is told why, other handlers are stopped, and the server is not asked again."""
    stopped: list[str] = []

    async def fail(*_: Any) -> Any:
        raise LookupError("nobody at home")

    async def wait(*_: Any) -> Any:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            stopped.append("stopped")
            raise

    kinds = {"elicitation": ROUND, "sampling": SAMPLING, "roots": question("roots/list")}
    handlers: dict[str, Any] = {
        "elicitation_handler": wait,
        "sampling_handler": wait,
        "roots": wait,
    }
    handlers["roots" if method == "roots" else f"{method}_handler"] = fail
    server = ScriptedServer(in_turn(needs("s", **kinds), text("ok")))

    with pytest.raises(ClientError, match="nobody at home") as caught:
        used(server, lambda c: c.call_tool("t", raise_on_error=False), **handlers)

    assert isinstance(caught.value.__cause__, LookupError)
    assert stopped == ["stopped", "stopped"]
    assert len(server.requests("tools/call")) == 1


def test_an_error_of_a_handler_is_not_taken_for_one_of_the_server() -> None:
    """Even when the handler raises what servers answer."""

    async def fail(*_: Any) -> Any:
        raise McpError(code=-32602, message="mine")

    server = ScriptedServer(in_turn(needs("s", name=ROUND), text("ok")))

    with pytest.raises(ClientError, match="mine") as caught:
        used(server, lambda c: c.call_tool("t", raise_on_error=False), elicitation_handler=fail)

    assert not isinstance(caught.value, McpError)


def test_the_timeout_is_for_each_request_and_not_for_the_user() -> None:
    """A user who takes longer than it is waited for; a server that does is not."""

    async def think(*_: Any) -> dict[str, str]:
        await asyncio.sleep(0.5)
        return {"name": "Ada"}

    async def serve(message: Any) -> Any:
        if message["params"]["name"] == "slow" and "inputResponses" in message["params"]:
            await asyncio.sleep(600)
        return text("ok") if "inputResponses" in message["params"] else needs("s", name=ROUND)

    async def use(client: Client) -> None:
        assert (await client.call_tool("fast", timeout=0.3)).data == "ok"
        with pytest.raises(TimedOut):
            await client.call_tool("slow", timeout=0.3)

    used(ScriptedServer(serve), use, elicitation_handler=think)


def test_a_caller_who_is_cancelled_stops_the_handler_and_the_rounds() -> None:
    """Nothing is sent after it."""
    events: list[str] = []
    thinking = asyncio.Event()

    async def think(*_: Any) -> Any:
        thinking.set()
        try:
            await asyncio.sleep(600)
        finally:
            events.append("stopped")

    server = ScriptedServer(in_turn(needs("s", name=ROUND), text("ok")))

    async def use(client: Client) -> None:
        task = asyncio.create_task(client.call_tool("t"))
        await thinking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert events == ["stopped"]

    used(server, use, elicitation_handler=think)

    assert len(server.requests("tools/call")) == 1


def test_a_result_without_a_kind_is_complete() -> None:
    """And so is one that says so, whatever else it has."""
    whole = {**text("ok"), "resultType": "complete", "requestState": "s"}
    server = ScriptedServer(in_turn(text("first"), whole))

    async def use(client: Client) -> list[Any]:
        return [(await client.call_tool("t")).data for _ in range(2)]

    assert used(server, use) == ["first", "ok"]
    assert len(server.requests("tools/call")) == 2


def test_other_requests_are_not_answered_in_rounds() -> None:
    """A list that asks for input is no list."""
    server = ScriptedServer(in_turn(needs("s", name=ROUND)))

    with pytest.raises(ClientError, match="tools/list is unreadable"):
        used(server, lambda c: c.list_tools(), elicitation_handler=answer)

    assert len(server.requests("tools/list")) == 1


def test_a_handshake_server_has_no_rounds() -> None:
    """The word means nothing there, and nobody is asked."""
    called: list[Any] = []
    server = ScriptedServer(in_turn(needs("s", name=ROUND)), revision=HANDSHAKE)

    used(server, lambda c: c.call_tool("t"), elicitation_handler=called.append)

    assert called == []
    assert len(server.requests("tools/call")) == 1


def test_a_modern_session_has_one_secret_name_for_each_connection() -> None:
    """It goes with every request, and another connection has another one."""
    server = ScriptedServer(in_turn(text("ok")))

    async def main() -> None:
        client = Client(server)
        for _ in range(2):
            async with client:
                await client.call_tool("t")
                await client.call_tool("t")

    asyncio.run(main())

    names = [each["params"]["_meta"]["fastmcp/session"] for each in server.sent if "id" in each]
    assert len(names) == 6
    assert len({*names[:3]}) == len({*names[3:]}) == 1
    assert names[0] != names[3]
    assert all(len(name) >= 20 for name in names)
