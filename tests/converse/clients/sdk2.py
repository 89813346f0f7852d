"""What the official Python SDK 2.x gets of the tools that converse, a JSON document a revision."""

import asyncio
from typing import Any

import mcp.client.session
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from play import SECONDS, TASK, Ears, callbacks, converse

on_elicit, on_sample, on_roots = callbacks(types)


async def talk(revision: str) -> None:
    """Connect and converse in one revision."""
    modern = revision >= "2026"
    if not modern:
        # The SDK has no option for it: it offers the newest revision that it knows.
        mcp.client.session.LATEST_HANDSHAKE_VERSION = revision
    ears = Ears()

    async def on_log(params: Any) -> None:
        ears.log(params.level, params.data)

    kind, *target = TASK["server"]
    server: Any = (
        target[0] if kind == "http" else StdioServerParameters(command=target[0], args=target[1:])
    )
    async with Client(
        server,
        mode="auto" if modern else "legacy",
        read_timeout_seconds=SECONDS,
        elicitation_callback=on_elicit,
        sampling_callback=on_sample,
        sampling_capabilities=types.SamplingCapability(tools=types.SamplingToolsCapability()),
        list_roots_callback=on_roots,
        logging_callback=on_log,
        log_level="info",
    ) as client:
        assert client.protocol_version == revision
        if not modern:
            await client.set_logging_level("info")

        async def call(tool: str, progress_callback: Any = None, **arguments: Any) -> Any:
            try:
                result = await client.call_tool(
                    tool, arguments, progress_callback=progress_callback
                )
            except MCPError as error:
                return {"refused": error.message}
            text = result.content[0].text  # type: ignore[union-attr]
            return {"refused": text} if result.is_error else text

        async def give_up(task: asyncio.Task[Any]) -> None:
            task.cancel()

        await converse(revision, call, give_up, ears)


async def main() -> None:
    """One connection after the other."""
    for revision in TASK["revisions"]:
        await talk(revision)


asyncio.run(main())
