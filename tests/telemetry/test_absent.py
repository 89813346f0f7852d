"""A program that does not trace has nothing of it: no import, no work, nothing sent."""

from __future__ import annotations

import textwrap
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from apps import served
from opentelemetry import trace
from processes import run_python
from reaching import Reach, used

from fastmcp import Client, FastMCP, telemetry
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.middleware import Middleware, MiddlewareContext
from telemetry.recorded import Recorded, called

TESTS = str(Path(__file__).parents[1])

PROGRAM = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
{before}
mcp = FastMCP("Work")

@mcp.tool
async def work(ctx: Context) -> str:
    return str((await ctx.elicit("Go on?", response_type=str)).action)

async def answer(*_):
    return ElicitResult(action="decline")

async def main():
    for mode in ("legacy", "auto"):
        async with Client(mcp, mode=mode, elicitation_handler=answer) as client:
            assert (await client.call_tool("work")).data == "decline"

asyncio.run(main())
print(*sorted(name for name in sys.modules if name.startswith("opentelemetry.")))
"""


def modules_of(before: str = "", env: dict[str, str] | None = None) -> set[str]:
    """What of OpenTelemetry a program has loaded that served and asked."""
    done = run_python("-c", PROGRAM.format(tests=TESTS, before=before), env=env)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_program_that_does_not_use_it_does_not_load_it() -> None:
    """Neither its server nor its client."""
    assert modules_of() == set()


@pytest.mark.parametrize(
    ("before", "env"),
    [
        ("from opentelemetry import trace", {}),
        ("", {"OTEL_SERVICE_NAME": "work"}),
        ("from fastmcp.telemetry import get_tracer", {}),
    ],
)
def test_a_program_that_uses_it_does(before: str, env: dict[str, str]) -> None:
    """Told by its imports, or by its environment; the API alone."""
    found = modules_of(before, env)

    assert "opentelemetry.propagate" in found
    assert not any(name.startswith("opentelemetry.sdk") for name in found)


def test_without_the_package_nothing_is_missed() -> None:
    """Also where the environment speaks of it; who asks for the API is told what to install."""
    absent = textwrap.dedent("""
        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "opentelemetry":
                    raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Absent())
    """)

    assert modules_of(absent, {"OTEL_SERVICE_NAME": "work"}) == set()
    for module in ("fastmcp.telemetry", "fastmcp.server.telemetry", "fastmcp.client.telemetry"):
        asked = run_python("-c", f"import sys\n{absent}import {module}")
        assert f"{module} needs OpenTelemetry: pip install" in asked.stderr


# Switched off


class Reading(Middleware):
    """Keeps the `_meta` of every call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, Any]] = []

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        self.seen.append(dict(context.message.meta or {}))
        return await call_next(context)


def outcome(recorded: Recorded, reach: Reach, mode: str) -> tuple[list[str], bool]:
    """What a traced program records of a call, and whether the call carries its context."""
    reading = Reading()
    mcp = FastMCP("Work", middleware=[reading])

    @mcp.tool
    async def work() -> None:
        with trace.get_tracer_provider().get_tracer("test").start_as_current_span("inner"):
            pass

    async def use(client: Client) -> None:
        with trace.get_tracer_provider().get_tracer("test").start_as_current_span("outer"):
            await client.call_tool("work")

    used(reach(mcp), use, mode=mode)

    carried = "traceparent" in reading.seen[0]
    names = [called(span) for span in recorded.all()]
    if carried:
        assert recorded.path("inner")[0] == "outer"
    return [name for name in names if "call" in name or name in ("inner", "outer")], carried


def test_it_can_be_switched_off(
    recorded: Recorded, reach: Reach, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From outside of the program, which keeps its own spans."""
    monkeypatch.setenv("FASTMCP_TELEMETRY", "off")

    assert outcome(recorded, reach, mode) == (["inner", "outer"], False)


@pytest.mark.parametrize("chosen", ["off", "propagation_only", "native"])
def test_the_mode_says_how_much(
    recorded: Recorded, reach: Reach, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing, the context alone, or spans of ours, too."""
    monkeypatch.setenv("FASTMCP_TELEMETRY_MODE", chosen)

    names, carried = outcome(recorded, reach, "legacy")

    ours = ["tools/call work SERVER", "tools/call work CLIENT"] if chosen == "native" else []
    assert sorted(names) == sorted(["inner", "outer", *ours])
    assert carried is (chosen != "off")


def test_a_mode_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it may be."""
    monkeypatch.setenv("FASTMCP_TELEMETRY_MODE", "some")

    async def use(client: Client) -> None: ...

    with pytest.raises(ConfigurationError, match="native, propagation_only, off"):
        used(FastMCP("Work"), use)


def test_a_block_can_be_without_it(recorded: Recorded, mode: str) -> None:
    """Spans of ours are left out; the context travels on, and the program's own spans with it."""
    with telemetry.suppress_fastmcp_telemetry():
        names, carried = outcome(recorded, lambda mcp: mcp, mode)

    assert (names, carried) == (["inner", "outer"], True)
    assert recorded.names() == ["inner", "outer"]


def test_a_block_does_not_reach_over_a_socket(recorded: Recorded, mode: str) -> None:
    """The server there decides for itself."""
    with ExitStack() as stack, telemetry.suppress_fastmcp_telemetry():

        def reach(mcp: FastMCP) -> str:
            return f"{stack.enter_context(served(mcp.http_app()))}/mcp"

        names, carried = outcome(recorded, reach, mode)

    assert (sorted(names), carried) == (["inner", "outer", "tools/call work SERVER"], True)
