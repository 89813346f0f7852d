"""The audit log: who used what when, and what came of it."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apps import notification, request, served
from callers import client_of, knows_callers
from conversation import conversation
from left_behind import SECONDS, descriptors
from processes import http_server, run_python
from reaching import used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import AuthorizationError, ConfigurationError, McpError, ToolError
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.middleware.audit import AuditMiddleware
from fastmcp.server.middleware.redaction import Redactor
from fastmcp.tools import ToolResult


class Refusing(Middleware):
    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        if context.message.name == "limited":
            raise McpError(code=-32000, message="Rate limit exceeded")
        return await call_next(context)


def server(*middleware: Middleware) -> FastMCP:
    mcp = FastMCP("audited", middleware=[*middleware, Refusing()])

    @mcp.tool(version="1")
    def add(a: int, b: int) -> int:
        return a - b

    @mcp.tool(name="add", version="2")
    def add_2(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    def limited() -> str:
        return "never"

    @mcp.tool
    def broken() -> str:
        raise RuntimeError("token=abc")

    @mcp.tool
    def says_no() -> ToolResult:
        return ToolResult("no", is_error=True)

    @mcp.tool
    def forbidden() -> str:
        raise AuthorizationError("not for you")

    @mcp.tool
    def own_code() -> str:
        raise McpError(code=-32099, message="x")

    @mcp.tool
    async def rest() -> None:
        await asyncio.sleep(60)

    @mcp.tool
    async def confirm(ctx: Context) -> str:
        answer: Any = await ctx.elicit("Really?", bool)
        return str(answer.data)

    @mcp.tool
    async def outer() -> int:
        return await mcp.call_tool("add", {"a": 1, "b": 1})

    @mcp.resource("data://{key}")
    def data(key: str) -> str:
        return key

    @mcp.resource("broken://x")
    def broken_data() -> str:
        raise RuntimeError("x")

    @mcp.prompt
    def greet(name: str) -> str:
        return name

    return mcp


def audited(use: Callable[[Client], Any], **options: Any) -> list[dict[str, Any]]:
    """What is told of the use of a server."""
    entries: list[dict[str, Any]] = []
    used(server(AuditMiddleware(entries.append, **options)), use)
    return entries


def test_an_entry_says_who_used_what_when() -> None:
    """And what with, without saying that aloud."""

    async def use(client: Client) -> None:
        await client.call_tool("add", {"b": 2, "a": 1})

    (entry,) = audited(use)

    assert abs((datetime.now(UTC) - datetime.fromisoformat(entry["time"])).total_seconds()) < 60
    assert entry["duration_ms"] >= 0
    assert entry["arguments"] == {
        "names": ["a", "b"],
        "digest": "sha256:" + hashlib.sha256(b'{"a":1,"b":2}').hexdigest(),
    }
    expected = {
        "server": "audited",
        "method": "tools/call",
        "target": "add",
        "version": "2",
        "outcome": "ok",
        "error": None,
        "principal": None,
        "transport": "memory",
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["client"]["name"]
    assert entry["session"] and entry["request"]


def test_callers_are_told_apart_over_http() -> None:
    """By who they are, and by their sessions."""
    entries: list[dict[str, Any]] = []
    mcp = server(AuditMiddleware(entries.append))

    async def main(base: str) -> None:
        for user in ("ann", "bob"):
            async with client_of(base, user, mode="legacy") as client:
                await client.call_tool("add", {"a": 1, "b": 2})

    with served(mcp.http_app(middleware=knows_callers())) as base:
        asyncio.run(main(base))

    ann, bob = entries
    assert json.loads(ann["principal"]) == ["app", "https://issuer.example", "ann"]
    assert json.loads(bob["principal"])[2] == "bob"
    assert ann["session"] != bob["session"]
    assert ann["transport"] == "streamable-http"


@pytest.mark.parametrize(
    ("name", "arguments", "outcome", "error"),
    [
        ("limited", {}, "refused", ("McpError", -32000)),
        ("nothing", {}, "refused", ("UnknownComponent", -32602)),
        ("add", {"a": "x"}, "refused", ("ValidationError", None)),
        ("forbidden", {}, "refused", ("AuthorizationError", None)),
        ("broken", {}, "tool_error", ("RuntimeError", None)),
        ("own_code", {}, "error", ("McpError", -32099)),
        ("says_no", {}, "tool_error", None),
    ],
)
def test_what_came_of_a_call(
    name: str, arguments: Any, outcome: str, error: tuple[str, int | None] | None
) -> None:
    """Refused is what did not run; a tool error is one that its model reads."""

    async def use(client: Client) -> None:
        with pytest.raises(ToolError):
            await client.call_tool(name, arguments)

    (entry,) = audited(use)

    assert entry["outcome"] == outcome
    found = entry["error"]
    assert (found and (found["type"], found["code"])) == error
    assert "abc" not in json.dumps(entry)


def test_resources_and_prompts_are_told_of() -> None:
    """By URI, without the secrets in it, and by name."""

    async def use(client: Client) -> None:
        await client.read_resource("data://a@example.com")
        await client.get_prompt("greet", {"name": "jane"})
        for uri in ("broken://x", "no://x"):
            with pytest.raises(McpError):
                await client.read_resource(uri)
        await client.list_tools()

    entries = audited(use)

    assert [(each["method"], each["target"], each["outcome"]) for each in entries] == [
        ("resources/read", "data://[redacted]", "ok"),
        ("prompts/get", "greet", "ok"),
        ("resources/read", "broken://x", "error"),
        ("resources/read", "no://x", "refused"),
    ]
    assert entries[1]["arguments"]["names"] == ["name"]
    assert "jane" not in json.dumps(entries[1])


def test_values_of_arguments_are_told_if_asked_for() -> None:
    """Without what is secret; a digest with a key is another one."""

    async def use(client: Client) -> None:
        with pytest.raises(ToolError):
            await client.call_tool("add", {"a": 1, "password": "x", "note": "of j@example.com"})

    (plain,) = audited(use)
    (full,) = audited(use, include_arguments=True, digest_key="k")
    (other,) = audited(use, include_arguments=True, redact=Redactor(keys=["a"], texts=()))

    assert full["arguments"]["values"] == {
        "a": 1,
        "password": "[redacted]",
        "note": "of [redacted]",
    }
    assert full["arguments"]["digest"].startswith("hmac-sha256:")
    assert plain["arguments"].keys() == {"names", "digest"}
    assert other["arguments"]["values"]["a"] == "[redacted]"
    assert other["arguments"]["digest"] == plain["arguments"]["digest"]


def test_what_a_client_calls_things_is_cut() -> None:
    """Nobody fills the log by names."""

    async def use(client: Client) -> None:
        with pytest.raises(ToolError):
            await client.call_tool("x" * 10**6, {"y" * 10**5: 1, **{str(n): n for n in range(999)}})

    (entry,) = audited(use)

    assert len(json.dumps(entry)) < 30_000


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_question_is_no_failure(mode: Any) -> None:
    """A run that waits for an answer is told of as that."""
    entries: list[dict[str, Any]] = []

    async def yes(message: str, kind: Any, params: Any, context: Any) -> Any:
        return kind(value=True)

    async def use(client: Client) -> None:
        await client.call_tool("confirm")

    used(server(AuditMiddleware(entries.append)), use, mode=mode, elicitation_handler=yes)

    outcomes = [(each["outcome"], each["error"]) for each in entries]
    assert outcomes == ([] if mode == "legacy" else [("input_required", None)]) + [("ok", None)]


def test_calls_within_calls_are_told_of() -> None:
    """The inner one first: it is done first. Both are of the same caller and request."""

    async def use(client: Client) -> None:
        assert (await client.call_tool("outer")).data == 2

    inner, outer = audited(use)

    assert (inner["target"], outer["target"]) == ("add", "outer")
    assert inner["outcome"] == outer["outcome"] == "ok"
    assert inner["session"] == outer["session"]


def test_a_cancelled_call_is_told_of() -> None:
    """As cancelled."""
    entries: list[dict[str, Any]] = []
    began = asyncio.Event()

    class Began(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            began.set()
            return await call_next(context)

    async def main() -> None:
        async with (
            asyncio.timeout(20),
            conversation(server(AuditMiddleware(entries.append), Began())) as talk,
        ):
            talk.send(request("tools/call", 7, name="rest", arguments={}))
            await began.wait()
            talk.send(notification("notifications/cancelled", requestId=7))
            while not entries:
                await asyncio.sleep(0.01)

    asyncio.run(main())

    assert (entries[0]["outcome"], entries[0]["error"]) == ("cancelled", None)


async def add_up(client: Client) -> None:
    for number in range(5):
        await client.call_tool("add", {"a": number, "b": 1})


def test_entries_go_to_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    """Each is one line of JSON; that it drops them is said once."""
    caplog.set_level(logging.INFO, "own.audit")
    used(server(AuditMiddleware(logging.getLogger("own.audit"))), add_up)

    lines = [each.getMessage() for each in caplog.records if each.name == "own.audit"]
    assert [json.loads(line)["target"] for line in lines] == ["add"] * 5

    caplog.clear()
    silent = AuditMiddleware(logging.getLogger("own.audit"), log_level=logging.DEBUG)
    used(server(silent), add_up)
    (record,) = [each for each in caplog.records if each.name == "fastmcp.audit"]
    assert "drops what is of level DEBUG" in record.getMessage()


def test_entries_go_to_a_function_that_may_be_async_and_may_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it failed to take is in the log; the call has its answer."""
    entries: list[dict[str, Any]] = []

    async def slow(entry: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        entries.append(entry)

    def broken(entry: dict[str, Any]) -> None:
        raise OSError("no room")

    used(server(AuditMiddleware(slow), AuditMiddleware(broken)), add_up)

    assert len(entries) == 5
    lost = [each.getMessage() for each in caplog.records if each.name == "fastmcp.audit"]
    assert len(lost) == 5
    assert "no room" in lost[0] and '"target":"add"' in lost[0]


def test_entries_go_to_a_file(tmp_path: Path) -> None:
    """After what is there; only its owner may read it."""
    path = tmp_path / "audit.jsonl"
    audit = AuditMiddleware(path)
    used(server(audit), add_up)
    assert audit.flush()
    first = path.read_text("utf-8").splitlines()
    assert [json.loads(line)["arguments"]["names"] for line in first] == [["a", "b"]] * 5
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0

    with path.open("a") as file:
        file.write('{"torn":')
    again = AuditMiddleware(str(path))
    used(server(again), add_up)  # in another event loop
    used(server(again), add_up)
    assert again.flush()

    lines = path.read_text("utf-8").splitlines()
    assert lines[:5] == first
    assert lines[5] == '{"torn":'
    assert [json.loads(line)["target"] for line in lines[6:]] == ["add"] * 10


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("key", [None, "k"])
def test_the_digest_in_a_file_is_that_of_what_was_given(
    tmp_path: Path, key: str | None, size: int
) -> None:
    """The line is written later, when a function may long have changed its arguments."""

    class Changing(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            result = await call_next(context)
            context.message.arguments["text"] = "another"
            return result

    path = tmp_path / "audit.jsonl"
    audit = AuditMiddleware(path, digest_key=key)
    mcp = FastMCP("digests", middleware=[audit, Changing()])

    @mcp.tool
    def same(text: str) -> str:
        return text

    used(mcp, lambda client: client.call_tool("same", {"text": "x" * size}))
    assert audit.flush()

    data = json.dumps({"text": "x" * size}, separators=(",", ":")).encode()
    plain = f"sha256:{hashlib.sha256(data).hexdigest()}"
    keyed = f"hmac-sha256:{hmac.digest(b'k', data, 'sha256').hex()}"
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["arguments"] == {"names": ["text"], "digest": keyed if key else plain}


def test_a_file_may_be_moved_away(tmp_path: Path) -> None:
    """As logs are rotated; the next entries are in a new one, and nothing is held open."""
    path = tmp_path / "audit.jsonl"
    audit = AuditMiddleware(path)
    mcp = server(audit)
    used(mcp, add_up)
    assert audit.flush()
    path.rename(tmp_path / "audit.1")
    used(mcp, add_up)
    assert audit.flush()

    for name in ("audit.1", "audit.jsonl"):
        assert len((tmp_path / name).read_text("utf-8").splitlines()) == 5
    assert not any("audit" in str(each) for each in descriptors())


def test_what_a_file_cannot_take_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each entry, with the reason."""
    folder = tmp_path / "logs"
    folder.mkdir()
    audit = AuditMiddleware(folder / "audit.jsonl")
    (folder / "audit.jsonl").unlink()
    folder.rmdir()
    used(server(audit), add_up)
    assert audit.flush()

    lost = [each.getMessage() for each in caplog.records if each.name == "fastmcp.audit"]
    assert len(lost) == 5
    assert "No such file" in lost[0] and '"target":"add"' in lost[0]


def test_a_file_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    """When the middleware is made, not at the first call."""
    with pytest.raises(ConfigurationError, match="cannot be appended to"):
        AuditMiddleware(tmp_path / "missing" / "audit.jsonl")
    with pytest.raises(ConfigurationError, match="path of a file, a logger or a function"):
        AuditMiddleware(5)  # type: ignore[arg-type]


def test_the_file_is_written_by_a_thread_that_ends_with_the_middleware(tmp_path: Path) -> None:
    """Nothing is left of it; what waited is written."""
    path = tmp_path / "audit.jsonl"
    mcp = server(AuditMiddleware(path))
    used(mcp, add_up)
    assert len([t for t in threading.enumerate() if str(path) in t.name]) == 1

    del mcp  # which the thread that ran a plain function may hold a moment longer
    deadline = time.monotonic() + SECONDS
    while [t for t in threading.enumerate() if str(path) in t.name]:
        assert time.monotonic() < deadline
        gc.collect()
    assert len(path.read_text("utf-8").splitlines()) == 5


ENDS = """
    import asyncio, sys
    from fastmcp import Client, FastMCP
    from fastmcp.server.middleware.audit import AuditMiddleware

    mcp = FastMCP("ends", middleware=[AuditMiddleware(sys.argv[1])])
    mcp.tool(lambda: 1, name="one")

    async def main():
        async with Client(mcp) as client:
            await asyncio.gather(*(client.call_tool("one") for _ in range(500)))
        sys.exit(3)

    asyncio.run(main())
"""


def test_nothing_is_lost_when_the_process_ends(script: Any, tmp_path: Path) -> None:
    """However it leaves its main function."""
    path = tmp_path / "audit.jsonl"

    assert run_python(str(script(ENDS)), str(path)).returncode == 3

    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 500
    assert {json.loads(line)["target"] for line in lines} == {"one"}


FORKS = """
    import asyncio, os, sys
    from fastmcp import Client, FastMCP
    from fastmcp.server.middleware.audit import AuditMiddleware

    mcp = FastMCP("forks", middleware=[AuditMiddleware(sys.argv[1])])
    mcp.tool(lambda: 1, name="one")

    async def main(calls):
        async with Client(mcp) as client:
            for _ in range(calls):
                await client.call_tool("one")

    asyncio.run(main(3))
    child = os.fork()
    asyncio.run(main(4 if child else 5))
    if child:
        os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_writes_its_own_entries(script: Any, tmp_path: Path) -> None:
    """It has none of its parent's threads, and not what its parent is still to write."""
    path = tmp_path / "audit.jsonl"

    done = run_python(str(script(FORKS)), str(path))

    assert done.returncode == 0, done.stderr
    assert len(path.read_text("utf-8").splitlines()) == 12


SERVES = """
    import os
    from fastmcp import FastMCP
    from fastmcp.server.middleware.audit import AuditMiddleware

    mcp = FastMCP("serves", middleware=[AuditMiddleware(os.environ["AUDIT"])])
    mcp.tool(lambda: os.getpid(), name="one")
    mcp.run_http(port=int(os.environ["PORT"]), workers=2, show_banner=False)
"""


def test_workers_that_are_stopped_have_written_every_line(
    script: Any, tmp_path: Path, log: Path
) -> None:
    """Two processes share a file, and a signal ends them."""
    path = tmp_path / "audit.jsonl"

    async def main(url: str) -> None:
        async def calls() -> None:
            async with Client(url, timeout=20) as client:
                for _ in range(25):
                    await client.call_tool("one")

        await asyncio.gather(*(calls() for _ in range(4)))

    with http_server([script(SERVES)], log, env={"AUDIT": str(path)}) as process:
        asyncio.run(main(process.url))
        process.stop()

    lines = path.read_text("utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 100
