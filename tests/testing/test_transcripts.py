"""Transcripts: what passes between a client and a server is recorded, and played again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ConfigurationError
from fastmcp.testing import (
    NotRecorded,
    RecordingTransport,
    ReplayTransport,
    Transcript,
    use_transcript,
)

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


def counter() -> FastMCP:
    """A server that never gives the same answer twice, and talks while it works."""
    mcp = FastMCP("counter")
    calls = iter(range(1, 1000))

    @mcp.tool
    async def count(step: int, ctx: Context) -> str:
        await ctx.info(f"step {step}")
        await ctx.report_progress(step, 10)
        return f"{step}: {next(calls)}"

    @mcp.tool
    async def greet(ctx: Context) -> str:
        return f"Hello {(await ctx.elicit('Who?', str)).data} {next(calls)}"

    @mcp.tool
    def fail() -> None:
        raise ValueError(f"failure {next(calls)}")

    @mcp.resource("config://app")
    def config() -> str:
        return "debug"

    return mcp


async def talk(transport: Any, mode: str) -> list[Any]:
    """A conversation that uses all that a transcript has to keep; what the client saw of it."""
    heard: list[Any] = []
    async with Client(
        transport,
        mode=mode,
        elicitation_handler=lambda *_: "Ada",
        log_handler=lambda message: heard.append(message.data),
    ) as client:
        await client.set_logging_level("info")
        for step in (1, 2, 1):
            result = await client.call_tool(
                "count", {"step": step}, progress_handler=lambda *told: heard.append(told)
            )
            heard.append(result.data)
        heard.append((await client.call_tool("greet")).data)
        heard.append((await client.call_tool("fail", raise_on_error=False)).content[0].text)
        heard.append((await client.read_resource("config://app"))[0].text)
        heard.append([tool.name for tool in await client.list_tools()])
    return heard


@MODES
def test_a_replay_is_what_the_recording_was(mode: str, tmp_path: Path) -> None:
    """Answers, failures, notifications and questions, without the server."""
    path = tmp_path / "talk.jsonl"

    recorded = asyncio.run(talk(RecordingTransport(counter(), path), mode))
    replayed = asyncio.run(talk(ReplayTransport(path), mode))

    assert replayed == recorded
    assert "Hello Ada 4" in replayed
    assert (1, 10, None) in replayed


@MODES
def test_it_is_so_over_http(mode: str, tmp_path: Path) -> None:
    """The transport under the recorder is any; credentials in its headers are not recorded."""
    path = tmp_path / "talk.jsonl"

    with served(counter().http_app()) as base:
        transport = StreamableHttpTransport(
            f"{base}/mcp", headers={"Authorization": "Bearer secret-token"}
        )
        recorded = asyncio.run(talk(RecordingTransport(transport, path), mode))

    assert asyncio.run(talk(ReplayTransport(path), mode)) == recorded
    assert "secret-token" not in path.read_text("utf-8")


def test_a_transcript_is_lines_of_json(tmp_path: Path) -> None:
    """Who sent what when, over which connection; what is in memory is what is in the file."""
    path = tmp_path / "new" / "talk.jsonl"
    transport = RecordingTransport(counter(), path)

    async def main() -> None:
        async with Client(transport, mode="legacy") as client:
            await client.call_tool("count", {"step": 1})

    asyncio.run(main())
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    assert [line["message"].get("method") for line in lines if line["from"] == "client"] == [
        "initialize",
        "notifications/initialized",
        "tools/call",
    ]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert lines[0]["at"] == 0
    assert {line["connection"] for line in lines} == {1}
    assert [entry.message for entry in transport.transcript] == [each["message"] for each in lines]
    assert len(Transcript.load(path)) == len(lines)


def test_requests_may_come_in_another_order(tmp_path: Path) -> None:
    """They are known by what they ask; what was asked twice is answered in order."""
    path = tmp_path / "talk.jsonl"
    asyncio.run(talk(RecordingTransport(counter(), path), "auto"))

    async def main() -> list[str]:
        async with Client(ReplayTransport(path)) as client:
            steps = [2, 1, 1]
            calls = (client.call_tool("count", {"step": step}) for step in steps)
            return [result.data for result in await asyncio.gather(*calls)]

    assert asyncio.run(main()) == ["2: 2", "1: 1", "1: 3"]


def test_what_is_not_in_the_transcript_is_told_with_the_nearest(tmp_path: Path) -> None:
    """By another argument, and by one time too many."""
    path = tmp_path / "talk.jsonl"
    asyncio.run(talk(RecordingTransport(counter(), path), "auto"))

    async def main() -> None:
        async with Client(ReplayTransport(path)) as client:
            with pytest.raises(NotRecorded, match=r'"step":22.*nearest is .*"step":2}'):
                await client.call_tool("count", {"step": 22})
            await client.call_tool("count", {"step": 2})
            with pytest.raises(NotRecorded, match=r"1 answer .* asked once more"):
                await client.call_tool("count", {"step": 2})
        async with Client(ReplayTransport(path, allow_playback_repeats=True)) as client:
            for _ in range(3):
                assert (await client.call_tool("count", {"step": 2})).data == "2: 2"

    asyncio.run(main())


def test_a_client_of_the_other_era_is_told_so(tmp_path: Path) -> None:
    """The opening is what it does not find."""
    path = tmp_path / "talk.jsonl"
    asyncio.run(talk(RecordingTransport(counter(), path), "auto"))

    with pytest.raises(NotRecorded, match="nearest is server/discover; give the client the mode="):
        asyncio.run(talk(ReplayTransport(path), "legacy"))


def test_several_connections_are_played_one_after_the_other(tmp_path: Path) -> None:
    """A transport that is opened twice goes on where it was."""
    path = tmp_path / "talk.jsonl"

    async def twice(transport: Any) -> list[str]:
        answers: list[str] = []
        for _ in range(2):
            async with Client(transport) as client:
                answers.append((await client.call_tool("count", {"step": 1})).data)
        return answers

    recorded = asyncio.run(twice(RecordingTransport(counter(), path)))

    assert asyncio.run(twice(ReplayTransport(path))) == recorded == ["1: 1", "1: 2"]
    assert {entry.connection for entry in Transcript.load(path)} == {1, 2}


@MODES
def test_changes_that_the_server_tells_of_are_told_again(mode: str, tmp_path: Path) -> None:
    """At the place where they came."""
    path = tmp_path / "talk.jsonl"
    mcp = counter()

    @mcp.tool
    def grow() -> str:
        mcp.tool(lambda: 1, name="grown")
        return "done"

    async def listen(transport: Any) -> list[str]:
        heard: list[str] = []
        changed = asyncio.Event()

        def hear(message: Any) -> None:
            heard.append(message.method)
            if message.method == "notifications/tools/list_changed":
                changed.set()

        async with Client(transport, mode=mode, message_handler=hear) as client:
            before = list(heard)
            assert "notifications/tools/list_changed" not in before
            await client.call_tool("grow")
            await asyncio.wait_for(changed.wait(), 10)
        return heard

    recorded = asyncio.run(listen(RecordingTransport(mcp, path)))

    assert asyncio.run(listen(ReplayTransport(path))) == recorded


def test_a_message_can_be_changed_before_it_is_kept(tmp_path: Path) -> None:
    """To take out what is secret, or to leave a message out."""
    path = tmp_path / "talk.jsonl"

    def masked(message: dict[str, Any]) -> dict[str, Any] | None:
        if message.get("method") == "notifications/message":
            return None
        return json.loads(json.dumps(message).replace("debug", "***"))

    asyncio.run(talk(RecordingTransport(counter(), path, before_record=masked), "auto"))
    kept = path.read_text("utf-8")

    assert "***" in kept
    assert "debug" not in kept
    assert "notifications/message" not in kept


def test_a_request_that_was_never_answered_is_not_waited_for(tmp_path: Path) -> None:
    """The transcript of a call that was given up has no answer to give."""
    path = tmp_path / "talk.jsonl"
    mcp = FastMCP("x")

    @mcp.tool
    async def wait() -> None:
        await asyncio.Event().wait()

    async def give_up(transport: Any) -> None:
        async with Client(transport) as client:
            await client.call_tool("wait", timeout=0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up(RecordingTransport(mcp, path)))
    with pytest.raises(NotRecorded, match="0 answers"):
        asyncio.run(give_up(ReplayTransport(path)))


def test_the_first_run_records_and_the_next_one_replays(tmp_path: Path) -> None:
    """`use_transcript`, as tools that record HTTP do it."""
    path = tmp_path / "talk.jsonl"
    mcp = counter()

    def count(**options: Any) -> str:
        async def main() -> str:
            async with Client(use_transcript(mcp, path, **options)) as client:
                return (await client.call_tool("count", {"step": 1})).data

        return asyncio.run(main())

    assert [count(), count(), count(record_mode="none")] == ["1: 1"] * 3
    assert count(record_mode="all") == "1: 2"
    assert count() == "1: 2"
    with pytest.raises(ValueError, match="use 'once', 'none' or 'all'"):
        count(record_mode="sometimes")


def test_replaying_needs_a_transcript(tmp_path: Path) -> None:
    """A file that is not there, and one that is something else."""
    other = tmp_path / "other.jsonl"
    other.write_text('{"at": 0}\n')

    with pytest.raises(FileNotFoundError):
        ReplayTransport(tmp_path / "none.jsonl")
    with pytest.raises(ConfigurationError, match=r"other\.jsonl:1 is no line of a transcript"):
        ReplayTransport(other)


def test_a_transcript_can_be_kept_in_memory() -> None:
    """Recorded without a path, replayed as an object."""
    transport = RecordingTransport(counter())
    recorded = asyncio.run(talk(transport, "auto"))

    assert asyncio.run(talk(ReplayTransport(transport.transcript), "auto")) == recorded


def test_a_server_in_a_process_is_recorded_too(script: Callable[..., Path], tmp_path: Path) -> None:
    """By its script, as `Client` takes it; what is no message in a transcript is passed over."""
    path = tmp_path / "talk.jsonl"
    server = script(
        """
        from fastmcp import FastMCP

        mcp = FastMCP("process")

        @mcp.tool
        def hello() -> str:
            return "hello"

        mcp.run()
        """
    )

    async def main(transport: Any) -> str:
        async with Client(transport) as client:
            return (await client.call_tool("hello")).data

    assert asyncio.run(main(RecordingTransport(server, path))) == "hello"
    server.unlink()
    lines = path.read_text("utf-8").splitlines()
    noise = '{"at": 0, "connection": 1, "from": "server", "message": "starting"}'
    path.write_text("\n".join([noise, lines[0], noise, *lines[1:], ""]), "utf-8")
    assert asyncio.run(main(ReplayTransport(path))) == "hello"


def test_several_servers_are_recorded_one_by_one() -> None:
    """A configuration is refused when the transport is made, not in the middle of a test."""
    config = {"mcpServers": {"a": {"url": "http://a.test"}, "b": {"url": "http://b.test"}}}

    with pytest.raises(ConfigurationError, match="of one server"):
        RecordingTransport(config)
