"""The official Python SDK 1.x is authorized by a server, and calls its tool `who`."""

import asyncio

import httpx
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata
from sdk_grants import TASK, Grants


async def main() -> None:
    grants = Grants()
    await grants.start()

    async def come_back() -> tuple[str, str | None]:
        query = await grants.wait()
        return query.get("code", ""), query.get("state")

    auth = OAuthClientProvider(
        TASK["url"],
        OAuthClientMetadata.model_validate(grants.metadata),
        grants,
        grants.open,
        come_back,
    )

    async def who() -> str:
        async with (
            httpx.AsyncClient(auth=auth, timeout=30) as http,
            streamable_http_client(TASK["url"], http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return (await session.call_tool("who", {})).content[0].text  # type: ignore[union-attr]

    await grants.use(auth, who, OAuthFlowError)


asyncio.run(main())
