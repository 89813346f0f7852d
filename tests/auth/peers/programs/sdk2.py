"""The official Python SDK 2.x is authorized by a server, and calls its tool `who`."""

import asyncio

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata
from sdk_grants import TASK, Grants


async def main() -> None:
    grants = Grants()
    await grants.start()

    async def come_back() -> AuthorizationCodeResult:
        query = await grants.wait()
        found = {name: query.get(name) for name in ("state", "iss")}
        return AuthorizationCodeResult(code=query.get("code", ""), **found)

    auth = OAuthClientProvider(
        TASK["url"],
        OAuthClientMetadata.model_validate(grants.metadata),
        grants,
        grants.open,
        come_back,
    )

    async def who() -> str:
        async with httpx2.AsyncClient(auth=auth, timeout=30) as http:
            transport = streamable_http_client(TASK["url"], http_client=http)
            async with Client(transport, read_timeout_seconds=30) as client:
                return (await client.call_tool("who", {})).content[0].text  # type: ignore[union-attr]

    await grants.use(auth, who, OAuthFlowError)


asyncio.run(main())
