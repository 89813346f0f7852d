"""A server reduced to messages: what a client sends to it, and what a test has it say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from apps import HANDSHAKE, MODERN

from fastmcp.client.transports import ClientTransport
from fastmcp.exceptions import McpError

NOT_SCRIPTED = ("server/discover", "initialize", "subscriptions/listen")
INFO = {"name": "scripted", "version": "1"}


class ScriptedServer(ClientTransport):
    """Answers requests by `serve(message)`: its value is the result, its McpError the error.

    `sent` has all that came from the client, in order; what opens a connection is answered by
    itself, in the era of `revision`.
    """

    def __init__(
        self,
        serve: Callable[[Any], Awaitable[Any]] | None = None,
        revision: str = MODERN,
        **capabilities: Any,
    ) -> None:
        self.revision = revision
        self.capabilities = {"tools": {}, **capabilities}
        self.sent: list[Any] = []
        self._serve = serve
        self._session: Any = None
        self._waiting: dict[Any, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def requests(self, method: str) -> list[Any]:
        """The requests of a method, as they were sent."""
        return [each for each in self.sent if each.get("method") == method and "id" in each]

    def tell(self, **message: Any) -> None:
        """Send a message to the client."""
        self._session.feed(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def ask(self, method: str, params: Any = None, id: Any = "s1") -> Any:
        """Ask the client; its whole response."""
        self._waiting[id] = answer = asyncio.get_running_loop().create_future()
        self.tell(id=id, method=method, params=params or {})
        async with asyncio.timeout(20):
            return await answer

    # What a client wants of a transport, and of the channel that it opens: the same object is both.

    def open(self) -> Any:
        return self

    async def start(self, session: Any) -> None:
        self._session = session

    def speak(self, revision: Any) -> None:
        pass

    def learn(self, tools: Any) -> Any:
        return tools

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def send(self, message: bytes, related: Any) -> None:
        self._take(message)

    async def reply(self, id: Any, message: bytes) -> None:
        self._take(message)

    async def call(
        self, id: Any, method: str, params: Any, message: bytes, related: Any = None
    ) -> None:
        self._take(message)

    def abandon(self, id: Any, message: bytes) -> None:
        self._take(message)

    def refuse(self, message: bytes) -> None:
        self._take(message)

    def forget(self, id: Any) -> None:
        pass

    def release(self, id: Any) -> None:
        pass

    def _take(self, data: bytes) -> None:
        message = json.loads(data)
        self.sent.append(message)
        if "method" not in message:
            self._waiting.pop(message["id"]).set_result(message)
        elif "id" in message:
            task = asyncio.get_running_loop().create_task(self._reply(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reply(self, message: Any) -> None:
        try:
            result = await self._result(message)
        except McpError as error:
            failure = {"code": error.code, "message": error.message, "data": error.data}
            self.tell(id=message["id"], error=failure)
        else:
            self.tell(id=message["id"], result=result)

    async def _result(self, message: Any) -> Any:
        modern = self.revision == MODERN
        match message["method"]:
            case "server/discover" if modern:
                return {"supportedVersions": [MODERN], "capabilities": self.capabilities}
            case "initialize" if not modern:
                return {
                    "protocolVersion": self.revision,
                    "capabilities": self.capabilities,
                    "serverInfo": INFO,
                }
            case method if self._serve is None or method in NOT_SCRIPTED:
                raise McpError(code=-32601, message=f"Method not found: {method}")
            case _:
                return await self._serve(message)


def text(value: str) -> dict[str, Any]:
    """The result of a tool that says something."""
    return {"content": [{"type": "text", "text": value}]}


def needs(state: str | None = None, **questions: Any) -> dict[str, Any]:
    """The result that asks for input."""
    result: dict[str, Any] = {"resultType": "input_required"}
    if questions:
        result["inputRequests"] = questions
    if state is not None:
        result["requestState"] = state
    return result


def question(method: str, **params: Any) -> dict[str, Any]:
    """Something that a server asks for in a round of input."""
    return {"method": method, "params": params}


def form(message: str = "Who?", /, required: list[str] | None = None, **members: Any) -> Any:
    """The parameters of an elicitation by form."""
    schema: dict[str, Any] = {"type": "object", "properties": members}
    if required:
        schema["required"] = required
    return {"message": message, "requestedSchema": schema}


ROUND = question("elicitation/create", **form(name={"type": "string"}))
"""A question for a name."""

__all__ = ["HANDSHAKE", "MODERN", "ROUND", "ScriptedServer", "form", "needs", "question", "text"]
