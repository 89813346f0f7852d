"""MockContext: functions of components, called directly."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from fastmcp import Context, FastMCP
from fastmcp.dependencies import CurrentContext, Depends, Progress
from fastmcp.exceptions import InputRefused, MissingCapability
from fastmcp.server.dependencies import (
    get_access_token,
    get_context,
    get_http_headers,
    get_http_request,
)
from fastmcp.server.elicitation import CancelledElicitation, DeclinedElicitation
from fastmcp.testing import MockContext

URL = "https://api.test/rates"


@dataclass
class Person:
    name: str
    age: int


def test_a_plain_function_finds_the_context_that_is_current() -> None:
    """By every way to it, and only inside of the block."""
    with MockContext() as ctx:
        assert Context.current() is ctx
        assert get_context() is ctx
        assert isinstance(ctx, Context)

    assert Context.current_or_none() is None


def test_an_async_function_finds_it_in_the_loop_of_the_test() -> None:
    """With `async with`, and with `with`."""

    async def tool() -> str:
        await get_context().info("hello")
        return get_context().session_id

    async def main() -> None:
        async with MockContext(session_id="s1") as ctx:
            assert await tool() == "s1"
        with MockContext(session_id="s2") as other:
            assert await tool() == "s2"
        assert [each.message for each in (*ctx.logs, *other.logs)] == ["hello", "hello"]

    asyncio.run(main())


def test_contexts_can_be_nested() -> None:
    """The inner one is current until its block ends."""
    with MockContext() as outer:
        with MockContext() as inner:
            assert Context.current() is inner
        assert Context.current() is outer


def test_the_caller_is_whom_the_claims_describe() -> None:
    """As the server knows callers that were authenticated."""
    with MockContext(user_info={"sub": "ada", "role": "admin", "scope": "read write"}) as ctx:
        token = get_access_token()

    assert ctx.user_info["role"] == "admin"
    assert (token.subject, token.scopes, token.claims["sub"]) == ("ada", ["read", "write"], "ada")
    assert ctx.principal == '[null,null,"ada"]'


def test_without_claims_nobody_is_logged_in() -> None:
    """There is no token, and nothing is known of the user."""
    with MockContext() as ctx:
        assert get_access_token() is None

    assert (ctx.user_info, ctx.principal) == ({}, None)


def test_what_a_component_demands_of_its_caller_is_checked() -> None:
    """The server that the context belongs to decides, as it does for clients."""
    mcp = FastMCP("x")

    @mcp.tool(auth=lambda asked: asked.token is not None and "admin" in asked.token.scopes)
    def erase() -> str:
        return "gone"

    with MockContext(mcp, user_info={"scope": "admin"}):
        assert mcp.call_tool("erase") == "gone"
    with MockContext(mcp, user_info={"scope": "read"}), pytest.raises(LookupError):
        mcp.call_tool("erase")


def test_logs_are_kept_in_their_order() -> None:
    """Of the methods, and of the standard logger, which waits for nobody."""
    with MockContext() as ctx:
        ctx.info("one", logger_name="kitchen", extra={"n": 1})
        ctx.logger.warning("two: %d", 2)
        ctx.log("three", level="debug")

    assert ctx.logs == [
        ("info", "one", "kitchen", {"n": 1}),
        ("warning", "two: 2", None, None),
        ("debug", "three", None, None),
    ]


def test_progress_and_other_notifications_are_kept() -> None:
    """As far as they would be sent: progress has to grow, and a session hears of its own lists."""
    mcp = FastMCP("x")
    with MockContext(mcp) as ctx:
        ctx.report_progress(1, 3, "begun")
        ctx.report_progress(1, 3, "again")
        ctx.report_progress(3, 3)
        ctx.send_notification("notifications/tools/list_changed")
        ctx.send_notification("notifications/acme/news", {"n": 1})
        mcp.notify_resource_updated("config://app")

    assert ctx.progress == [(1, 3, "begun"), (3, 3, None)]
    assert ctx.notifications == [
        ("notifications/tools/list_changed", {}),
        ("notifications/acme/news", {"n": 1}),
        ("notifications/resources/updated", {"uri": "config://app"}),
    ]


def test_questions_to_the_user_are_answered_in_order() -> None:
    """From the list, through the checks of a client and of the server."""
    script = ["Ada", {"name": "Bob", "age": 7}, DeclinedElicitation(), CancelledElicitation()]
    with MockContext(elicit=script) as ctx:
        name = ctx.elicit("Who?", str)
        person = ctx.elicit("And?", Person)
        outcomes = [ctx.elicit("Sure?").action, ctx.elicit("Really?").action]

    assert (name.data, person.data) == ("Ada", Person("Bob", 7))
    assert outcomes == ["decline", "cancel"]
    assert [each.message for each in ctx.elicitations] == ["Who?", "And?", "Sure?", "Really?"]
    assert ctx.elicitations[0].requested_schema["properties"]["value"]["type"] == "string"


def test_an_answer_that_no_client_would_give_is_refused() -> None:
    """It goes the way of a real answer, and does not fit the form."""
    with MockContext(elicit=["not a number"]) as ctx, pytest.raises(InputRefused, match="integer"):
        ctx.elicit("How many?", int)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: "me",
        lambda message: message[:2],
        lambda message, kind, params, context: message[:2],
    ],
    ids=["nothing", "the first", "all"],
)
def test_a_function_answers_with_as_much_as_it_wants_to_know(answer: Any) -> None:
    """It gets as many of the arguments of a client's handler as it has parameters."""
    with MockContext(elicit=answer) as ctx:
        assert ctx.elicit("me?", str).data == "me"


def test_a_coroutine_function_answers_too() -> None:
    """It is awaited."""

    async def answer(message: str) -> str:
        await asyncio.sleep(0)
        return message.upper()

    with MockContext(elicit=answer) as ctx:
        assert ctx.elicit("x", str).data == "X"


def test_a_script_that_is_over_says_so() -> None:
    """With the question that was one too many."""
    with MockContext(elicit=["Ada"]) as ctx:
        ctx.elicit("Who?", str)
        with pytest.raises(InputRefused, match=r"no answer left in elicit= for: 'Who else\?'"):
            ctx.elicit("Who else?", str)


def test_an_exception_in_a_script_is_the_failure_of_the_client() -> None:
    """The function is told, as by a client whose handler fails."""
    with (
        MockContext(sample=[ValueError("no model")]) as ctx,
        pytest.raises(InputRefused, match="no model"),
    ):
        ctx.sample("Hi")


def test_a_script_is_a_list_or_a_function() -> None:
    """A lone answer is refused when the context is made."""
    with pytest.raises(TypeError, match="elicit= takes a list of answers, or a function"):
        MockContext(elicit="Ada")


def test_what_has_no_script_is_not_offered() -> None:
    """So what a function does without can be tested, too."""
    with MockContext() as ctx:
        for ask in (lambda: ctx.elicit("?"), lambda: ctx.sample("?"), ctx.list_roots):
            with pytest.raises(MissingCapability):
                ask()


def test_the_model_answers_from_its_script() -> None:
    """Texts, and calls of tools that the function gave it."""
    called: list[int] = []

    def double(n: int) -> int:
        called.append(n)
        return 2 * n

    use = {"type": "tool_use", "id": "1", "name": "double", "input": {"n": 21}}
    wants_tool = {"role": "assistant", "model": "m", "stopReason": "toolUse", "content": [use]}
    with MockContext(sample=["plain", wants_tool, "42 it is"]) as ctx:
        assert ctx.sample("Hi").text == "plain"
        assert ctx.sample("Double 21", tools=[double]).text == "42 it is"

    assert called == [21]
    assert ctx.samples[0].messages[0].content.text == "Hi"
    assert len(ctx.samples) == 3


def test_roots_are_given_as_a_client_has_them() -> None:
    """A list, or a function."""
    with MockContext(roots=["file:///data"]) as ctx:
        assert [root.uri for root in ctx.list_roots()] == ["file:///data"]
    with MockContext(roots=lambda: ["file:///other"]) as ctx:
        assert [root.uri for root in ctx.list_roots()] == ["file:///other"]


def test_state_is_that_of_the_session() -> None:
    """What was given is there, what is set is there later, and another session does not see it."""
    mcp = FastMCP("x")
    with MockContext(mcp, session_id="s", state={"user": "ada"}) as ctx:
        assert ctx.get_state("user") == "ada"
        ctx.set_state("cart", [1, 2])
        ctx.delete_state("user")

    assert ctx.get_state("cart") == [1, 2]
    with MockContext(mcp, session_id="s") as later, MockContext(mcp) as other:
        assert (later.get_state("cart"), later.get_state("user")) == ([1, 2], None)
        assert other.get_state("cart") is None


def test_state_that_is_not_awaited_is_saved_all_the_same() -> None:
    """At the end of the block, in either kind."""
    mcp = FastMCP("x")

    async def main() -> None:
        async with MockContext(mcp, session_id="s") as ctx:
            ctx.set_state("a", 1)
        with MockContext(mcp, session_id="s") as ctx:
            ctx.set_state("b", 2)
        async with MockContext(mcp, session_id="s") as ctx:
            assert (await ctx.get_state("a"), await ctx.get_state("b")) == (1, 2)

    asyncio.run(main())


def test_a_function_gets_what_the_server_would_inject() -> None:
    """Through `ctx.call`: the context in every form, and dependencies."""

    def tool(
        n: int,
        ctx: Context,
        same: Context = CurrentContext(),  # noqa: B008
        base: int = Depends(lambda: 40),
    ) -> int:
        assert ctx is same is Context.current()
        return base + n

    with MockContext() as ctx:
        assert ctx.call(tool, 2) == 42
        assert ctx.call(tool, n=3) == 43


def test_an_async_function_gets_it_in_the_loop_of_the_test() -> None:
    """`ctx.call` is awaited there, and also needs no block."""

    async def tool(n: int, ctx: Context, progress: Progress = Progress()) -> int:  # noqa: B008
        await progress.set_total(2)
        await progress.increment()
        assert Context.current() is ctx
        return n

    async def main() -> None:
        ctx = MockContext()
        assert await ctx.call(tool, 1) == 1
        assert ctx.progress[-1] == (1, 2, None)

    asyncio.run(main())


def test_a_context_made_without_a_loop_serves_one() -> None:
    """A plain fixture makes it, an async test uses it."""

    async def tool(ctx: Context) -> str:
        await ctx.info("from the loop")
        return (await ctx.elicit("Who?", str)).data

    with MockContext(elicit=["Ada"]) as ctx:
        assert asyncio.run(tool(ctx)) == "Ada"

    assert [each.message for each in ctx.logs] == ["from the loop"]


def test_http_is_answered_from_a_table() -> None:
    """By method and URL, by URL, with and without its query; what was sent is kept."""
    responses = {
        URL: {"EUR": 1},
        f"POST {URL}": 201,
        f"{URL}?day=1": "text",
        "https://api.test/none": lambda request: httpx2.Response(404, text=request.method),
    }
    with MockContext(http=responses) as ctx:
        assert ctx.http.get(f"{URL}?x=1").json() == {"EUR": 1}
        assert ctx.http.post(URL, json={"a": 1}).status_code == 201
        assert ctx.http.get(f"{URL}?day=1").text == "text"
        assert ctx.http.delete("https://api.test/none").text == "DELETE"

    assert [request.method for request in ctx.http_requests] == ["GET", "POST", "GET", "DELETE"]
    assert ctx.http_requests[1].content == b'{"a":1}'


def test_http_is_answered_by_a_function_in_async_code() -> None:
    """The same stub serves both kinds of functions."""

    async def main() -> None:
        async with MockContext(http=lambda request: [request.url.path]) as ctx:
            assert (await ctx.http.get(URL)).json() == ["/rates"]

    asyncio.run(main())


def test_http_never_goes_out() -> None:
    """What there is no answer for cannot be reached, and the error says what there is."""
    with (
        MockContext(http={URL: 200}) as ctx,
        pytest.raises(httpx2.ConnectError, match=r"GET https://other\.test/; it has: .*/rates"),
    ):
        ctx.http.get("https://other.test/")
    with MockContext() as ctx, pytest.raises(httpx2.ConnectError, match="none at all"):
        ctx.http.get(URL)
    with MockContext(http={URL: OSError("broken")}) as ctx, pytest.raises(OSError, match="broken"):
        ctx.http.get(URL)


def test_http_may_be_an_object_of_ones_own() -> None:
    """Anything that can get and post."""

    class Own:
        def get(self, url: str) -> str:
            return f"got {url}"

        post = get

    with MockContext(http=Own()) as ctx:
        assert ctx.http.get("x") == "got x"


def test_with_headers_the_request_came_over_http() -> None:
    """And without them it did not."""
    with MockContext(headers={"X-Table": "7", "Authorization": "Bearer t"}) as ctx:
        assert get_http_headers() == {"x-table": "7"}
        assert get_http_request().headers["authorization"] == "Bearer t"
        assert ctx.transport == "streamable-http"
    with MockContext(), pytest.raises(RuntimeError, match="did not come over HTTP"):
        get_http_request()


def test_facts_of_the_request_are_given() -> None:
    """Who the client says it is, the request's id and meta, and what the lifespan yielded."""
    ctx = MockContext(
        client_id="acme", request_id="r1", meta={"trace": "t"}, lifespan_context={"db": 1}
    )

    assert (ctx.client_id, ctx.request_id) == ("acme", "r1")
    assert ctx.request_context.meta["trace"] == "t"
    assert ctx.lifespan_context["db"] == 1


def test_the_servers_components_are_at_hand() -> None:
    """What a function does with its own server works as in a request."""
    mcp = FastMCP("x")

    @mcp.resource("config://app")
    def config() -> str:
        return "debug"

    with MockContext(mcp) as ctx:
        assert ctx.read_resource("config://app").contents[0].content == "debug"
        assert ctx.fastmcp is mcp


def test_nothing_is_left_behind() -> None:
    """A context that is dropped leaves no thread that was started for it."""
    ctx = MockContext(elicit=["x"])
    assert ctx.elicit("?", str).data == "x"
    del ctx
    gc.collect()

    deadline = time.monotonic() + 10
    while "fastmcp-portal" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
