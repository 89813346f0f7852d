"""A client of tasks, reduced to messages, in both eras."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from apps import HANDSHAKE, MODERN
from conversation import Conversation, conversation

from fastmcp import FastMCP
from fastmcp.exceptions import McpError

EXTENSION = "io.modelcontextprotocol/tasks"
RELATED = "io.modelcontextprotocol/related-task"
ERAS = [HANDSHAKE, MODERN]
SECONDS = 20


class TaskTalk:
    """Calls as tasks and asks for them. `told` are the notifications; what the server asks in
    between, `answers` answer by method, with a result or an `McpError`, and answers to what nobody
    waits for are dropped.
    """

    def __init__(self, talk: Conversation, answers: dict[str, Callable[[Any], Any]]) -> None:
        self.talk = talk
        self.modern = talk.revision == MODERN
        self.told: list[Any] = []
        self._answers = answers
        self._ids = count(1000)

    async def ask(self, method: str, **params: Any) -> Any:
        """The whole answer to a request."""
        id = next(self._ids)
        self.talk.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        while True:
            message = await self.talk.receive()
            if "method" in message:
                self._take(message)
            elif message["id"] == id:
                return message

    def _take(self, message: Any) -> None:
        if "id" not in message:
            self.told.append(message)
            return
        given = self._answers[message["method"]](message["params"])
        refused = isinstance(given, McpError)
        said = {"code": given.code, "message": given.message} if refused else given
        answer = {"jsonrpc": "2.0", "id": message["id"], "error" if refused else "result": said}
        self.talk.session.feed(json.dumps(answer).encode())

    async def result(self, method: str, **params: Any) -> Any:
        """The result of a request that has one."""
        answer = await self.ask(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    async def error(self, method: str, **params: Any) -> Any:
        """The error of a request that has one."""
        answer = await self.ask(method, **params)
        assert "error" in answer, answer
        return answer["error"]

    async def begin(self, name: str, arguments: Any = None, **more: Any) -> Any:
        """The task that a call of a tool becomes."""
        wish = {} if self.modern else {"task": {"ttl": 60_000}}
        params = {"name": name, "arguments": arguments or {}, **wish, **more}
        made = await self.result("tools/call", **params)
        return made if self.modern else made["task"]

    async def get(self, id: str) -> Any:
        """What is known of a task."""
        return await self.result("tasks/get", taskId=id)

    async def until(self, id: str, *statuses: str) -> Any:
        """The task once it has one of these statuses, or else has ended."""
        wanted = statuses or ("completed", "failed", "cancelled")
        async with asyncio.timeout(SECONDS):
            while (found := await self.get(id))["status"] not in wanted:
                await asyncio.sleep(0.01)
        return found

    async def payload(self, id: str) -> Any:
        """The answer with the result, or the error, of the request that the task was."""
        if not self.modern:
            return await self.ask("tasks/result", taskId=id)
        return await self.until(id)

    async def hear(self, method: str) -> Any:
        """The next notification of a method, past or to come."""
        while True:
            for message in self.told:
                if message["method"] == method:
                    self.told.remove(message)
                    return message["params"]
            self._take(await self.talk.receive())


@asynccontextmanager
async def talking(
    mcp: FastMCP,
    revision: str,
    capabilities: dict[str, Any] | None = None,
    **answers: Callable[[Any], Any],
) -> AsyncGenerator[TaskTalk]:
    """A client of a server that runs; the names of `answers` have `_` for the slash of methods."""
    given = {"elicitation": {}, "sampling": {}, **(capabilities or {})}
    if revision == MODERN:
        given = {**given, "extensions": {EXTENSION: {}}}
    by_method = {name.replace("_", "/", 1): act for name, act in answers.items()}
    async with mcp.lifespan.use(), conversation(mcp, revision, given) as talk:
        yield TaskTalk(talk, by_method)
