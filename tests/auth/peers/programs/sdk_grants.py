"""What the clients of both Python SDKs share; standard output as in `grants.mjs`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

TASK = json.loads(sys.argv[1])


class Grants:
    """Registrations and tokens in memory, and a page that the browser comes back to."""

    def __init__(self) -> None:
        self.client: Any = None
        self.tokens: Any = None
        self.opened: list[str] = []
        self.came: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.query: dict[str, str] = {}
        self.redirect_uri = ""

    async def start(self) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.redirect_uri = f"http://127.0.0.1:{port}/callback"

    async def _answer(self, reader: Any, writer: Any) -> None:
        target = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nYou may go back.")
        await writer.drain()
        writer.close()
        if target.startswith("/callback"):
            found = parse_qs(urlsplit(target).query)
            self.came.put_nowait({name: values[0] for name, values in found.items()})

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info

    async def open(self, url: str) -> None:
        self.opened.append(url)
        print(json.dumps({"open": url}), flush=True)

    async def wait(self) -> dict[str, str]:
        """What the browser brings."""
        self.query = await self.came.get()
        return self.query

    @property
    def metadata(self) -> dict[str, Any]:
        return {
            "client_name": TASK.get("name", "py-client"),
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": TASK.get("method", "none"),
        }

    async def use(self, auth: Any, who: Callable[[], Awaitable[str]], refused: type) -> None:
        """Call the tool twice, once with a token that had to be refreshed; say what came of it."""
        said: dict[str, Any] = {}
        try:
            said["who"] = await who()
        except* refused:
            pass
        else:
            first = self.tokens
            auth.context.token_expiry_time = 1.0
            if first.refresh_token:
                said["again"] = await who()
            said["scope"] = first.scope
            said["rotated"] = first.refresh_token != self.tokens.refresh_token
        wanted = parse_qs(urlsplit(self.opened[0]).query)["state"][0]
        said |= {
            "state": self.query.get("state") == wanted,
            "issuer": self.query.get("iss"),
            "refused": self.query.get("error"),
            "opened": len(self.opened),
            "client": json.loads(self.client.model_dump_json(exclude_none=True)),
        }
        print(json.dumps({"done": said}), flush=True)
