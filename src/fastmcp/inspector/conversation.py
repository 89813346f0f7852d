"""The conversation with the inspected server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from msgspec import Raw, Struct, json

from fastmcp.client.client import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.negotiation import Agreement
from fastmcp.client.retrying import RetryPolicy
from fastmcp.client.roots import as_roots
from fastmcp.client.tasks.created import created_in
from fastmcp.client.tool_calls import needs_tasks
from fastmcp.exceptions import ClientError, McpError
from fastmcp.wire.features import ListToolsResult
from fastmcp.wire.lifecycle import DiscoverResult, LoggingLevel
from fastmcp.wire.tasks import GetTaskResult, TaskMetadata

from .calls import Calls
from .failure import described
from .journal import Journal
from .messages import Messages
from .observation import ObservedTransport
from .questions import Questions
from .signing_in import PageOAuth
from .target import Auth, Target

UI: dict[str, dict[str, Any]] = {
    "io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}
}


class Offers(Struct, frozen=True):
    """What the client lets the server ask for, and whether it says that it shows MCP Apps."""

    elicitation: bool = True
    sampling: bool = True
    roots: bool = True
    apps: bool = True


class Conversation:
    """At most one connection at a time; `state` tells of it: `closed`, `connecting`, `open`,
    `failed` or `lost`.
    """

    def __init__(self, journal: Journal, questions: Questions, calls: Calls) -> None:
        self.target: Target | None = None
        self.offers: Offers = Offers()
        self.roots: list[str] = []
        self.state: dict[str, Any] = {"status": "closed"}
        self._journal = journal
        self._questions = questions
        self._calls = calls
        self._messages = Messages(journal, calls.current)
        self._turn = asyncio.Lock()
        self._client: Client | None = None
        self._opening: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._signed_in: tuple[str, Auth, PageOAuth] | None = None

    # The connection

    async def connect(self, target: Target, offers: Offers) -> None:
        """Begin to connect to a server, in place of the one before."""
        async with self._turn:
            await self._leave()
            self.target, self.offers = target, offers
            number = self._messages.begin()
            self._tell("connecting", target=target, offers=offers, number=number)
            self._opening = asyncio.create_task(self._open(target))

    async def reconnect(self, why: str) -> None:
        """Connect to the same server anew, because of something that the page shows."""
        if self.target is not None:
            self._journal.add("note", text=why)
            await self.connect(self.target, self.offers)

    async def disconnect(self) -> None:
        """End the connection, whatever is under way."""
        async with self._turn:
            await self._leave()
            if self.state["status"] != "closed":
                self._tell("closed")

    async def _leave(self) -> None:
        opening, self._opening = self._opening, None
        client, self._client = self._client, None
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        if client is not None:
            await asyncio.gather(client.close(), return_exceptions=True)

    async def _open(self, target: Target) -> None:
        begun = monotonic()
        try:
            transport = target.open_with(self._auth(target), self._hear_stderr)
            client = self._make(ObservedTransport(transport, self._messages), target)
            await client.__aenter__()
            try:
                agreement = await _introduced(client)
            except BaseException:
                await client.close()
                raise
        except Exception as error:
            self._tell("failed", error=described(error))
            return
        self._client = client
        said = agreement.as_initialize_result()
        self._tell(
            "open",
            server=agreement.server_info,
            protocol=agreement.revision.text,
            capabilities=said.capabilities,
            instructions=said.instructions,
            took=(monotonic() - begun) * 1000,
        )

    def _make(self, transport: ObservedTransport, target: Target) -> Client:
        offers = self.offers
        return Client(
            transport,
            name="FastMCP Inspector",
            roots=(lambda _: as_roots(self.roots)) if offers.roots else None,
            sampling_handler=self._sample if offers.sampling else None,
            sampling_capabilities={"tools": {}, "context": {}} if offers.sampling else None,
            elicitation_handler=self._elicit if offers.elicitation else None,
            message_handler=self._hear,
            log_handler=_ignore,  # or else a modern server would not be asked for logs
            timeout=target.timeout,
            mode=target.mode,
            retry=RetryPolicy(attempts=1),
            extensions=UI if offers.apps else None,
        )

    def _auth(self, target: Target) -> Any:
        """What goes with requests over HTTP; whoever has signed in need not do so again."""
        if target.auth.kind == "bearer":
            return target.auth.token or None
        if target.auth.kind != "oauth":
            return None
        if self._signed_in is None or self._signed_in[:2] != (target.url, target.auth):
            self._signed_in = target.url, target.auth, PageOAuth(target.auth, self._questions)
        return self._signed_in[2]

    def _tell(self, status: str, **members: Any) -> None:
        kept = {name: self.state[name] for name in _KEPT if name in self.state}
        self.state = {**kept, "status": status, **members}
        self._journal.add("connection", **self.state)

    # What comes from the server

    def _hear(self, message: Any) -> None:
        if isinstance(message, Exception) and self._client is not None:
            client, self._client = self._client, None
            self._tell("lost", error=described(message))
            self._ending = asyncio.create_task(client.close())

    def _hear_stderr(self, line: str) -> None:
        self._journal.add("stderr", line=line)

    async def _elicit(self, message: str, kind: Any, params: Any, context: Any) -> Any:
        answer = await self._questions.ask("elicitation", params)
        return ElicitResult(action=answer["action"], content=answer.get("content"))

    async def _sample(self, messages: Any, params: Any, context: Any) -> Any:
        answer = await self._questions.ask("sampling", params)
        if answer.get("declined"):
            raise McpError(code=-1, message="The person declined this request")
        return answer["result"]

    # What goes to it

    @property
    def _connected(self) -> Client:
        if self._client is None:
            raise ClientError("There is no connection to a server")
        return self._client

    async def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None = None,
        as_task: bool = False,
        ttl: int | None = None,
    ) -> Raw:
        """Any request; the result as it came, of a task once it has ended."""
        client = self._connected
        wish = TaskMetadata(ttl=ttl) if as_task else None
        try:
            raw = await client.request(method, params, timeout=timeout, as_task=wish)
        except McpError as error:
            if wish is not None or not needs_tasks(error):
                raise
            raw = await client.request(
                method, params, timeout=timeout, as_task=TaskMetadata(ttl=ttl)
            )
        if method == "tools/list":
            client._connection.learn(json.decode(raw, type=ListToolsResult).tools)
        created = created_in(raw)
        return raw if created is None else await self.follow(created.state.task_id)

    async def follow(self, task: str) -> Raw:
        """The result of a task, once it has ended; each of its states is an event `task`."""
        client, call = self._connected, self._calls.current()

        def hear(state: GetTaskResult) -> None:
            self._journal.add("task", task=state, call=call)

        async def hear_last() -> None:
            with suppress(McpError, ClientError):
                hear(await client.get_task_status(task))

        try:
            result = await client.follow_task(task, hear)
        except (McpError, ClientError):
            await hear_last()
            raise
        await hear_last()  # the result may come before the state that it has ended
        return result

    async def cancel_task(self, task: str) -> Any:
        """Cancel a task; what it is now."""
        return await self._connected.cancel_task(task)

    async def list_tasks(self, cursor: str | None) -> dict[str, Any]:
        """A page of the server's tasks."""
        return await self._connected.list_tasks(cursor)

    async def ping(self) -> None:
        """See that the server answers."""
        await self._connected.ping()

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above."""
        await self._connected.set_logging_level(level)

    async def subscribe(self, uri: str) -> None:
        """Hear when a resource changes."""
        await self._connected.subscribe_resource(uri)

    async def unsubscribe(self, uri: str) -> None:
        """Hear of it no more."""
        await self._connected.unsubscribe_resource(uri)

    async def set_roots(self, roots: list[str]) -> None:
        """Offer other roots, and say so.

        Raises:
            ValueError: one is no `file://` URI.
        """
        as_roots(roots)
        self.roots = roots
        if self._client is not None and self.offers.roots:
            await self._client.send_roots_list_changed()


_KEPT = ("target", "offers", "number")


async def _introduced(client: Client) -> Agreement:
    """What was agreed on; a server whose revision was chosen has not said what it is yet."""
    agreement = client._connection.agreement
    if agreement.initialize is not None or agreement.discover is not None:
        return agreement
    raw = await client.request("server/discover", {})
    return Agreement(agreement.revision, discover=json.decode(raw, type=DiscoverResult))


def _ignore(message: Any) -> None:
    """The page reads logs from the messages themselves."""
