"""What the official Python SDK 1.x gets of the tools that converse, a JSON document a revision."""

import asyncio
from datetime import timedelta
from typing import Any

import mcp.types as types
from mcp import ClientSession, McpError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from play import SECONDS, TASK, Ears, callbacks, converse

on_elicit, on_sample, on_roots = callbacks(types)


async def talk(revision: str) -> None:
    """Connect and converse in one revision."""
    # The SDK has no option for it: it offers the newest revision that it knows.
    types.LATEST_PROTOCOL_VERSION = revision
    ears = Ears()

    async def on_log(params: Any) -> None:
        ears.log(params.level, params.data)

    kind, *target = TASK["server"]
    connection: Any = (
        streamable_http_client(target[0])
        if kind == "http"
        else stdio_client(StdioServerParameters(command=target[0], args=target[1:]))
    )
    async with (
        connection as (read, write, *_),
        ClientSession(
            read,
            write,
            timedelta(seconds=SECONDS),
            elicitation_callback=on_elicit,
            sampling_callback=on_sample,
            sampling_capabilities=types.SamplingCapability(tools=types.SamplingToolsCapability()),
            list_roots_callback=on_roots,
            logging_callback=on_log,
        ) as session,
    ):
        greeted = await session.initialize()
        assert greeted.protocolVersion == revision
        await session.set_logging_level("info")

        ids: dict[str, int] = {}

        async def call(tool: str, progress_callback: Any = None, **arguments: Any) -> Any:
            ids[tool] = session._request_id
            try:
                result = await session.call_tool(
                    tool, arguments, progress_callback=progress_callback
                )
            except McpError as error:
                return {"refused": error.error.message}
            text = result.content[0].text  # type: ignore[union-attr]
            return {"refused": text} if result.isError else text

        async def give_up(task: asyncio.Task[Any]) -> None:
            # This line of the SDK does not tell the server that a caller is gone.
            params = types.CancelledNotificationParams(requestId=ids["wait"])
            cancelled = types.CancelledNotification(params=params)
            await session.send_notification(types.ClientNotification(cancelled))
            task.cancel()

        await converse(revision, call, give_up, ears)


async def main() -> None:
    """One connection after the other."""
    for revision in TASK["revisions"]:
        await talk(revision)


asyncio.run(main())
