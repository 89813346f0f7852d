"""Which era a server speaks: the probe, and the fall back to the handshake (PROTOCOL 1.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

from msgspec import DecodeError, Raw, Struct, ValidationError, convert, json

from fastmcp.exceptions import (
    HEADER_MISMATCH,
    MISSING_CAPABILITY,
    UNSUPPORTED_VERSION,
    ClientError,
    McpError,
    TimedOut,
    UnexpectedResponse,
)
from fastmcp.wire.lifecycle import (
    DiscoverResult,
    Implementation,
    InitializeResult,
    ServerCapabilities,
)
from fastmcp.wire.revisions import (
    HANDSHAKE_REVISIONS,
    LATEST_HANDSHAKE,
    LATEST_MODERN,
    MODERN_REVISIONS,
    R2025_11_25,
    REVISIONS,
    Revision,
)
from fastmcp.wire.shapes import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_PROTOCOL_VERSION,
    META_SERVER_INFO,
    META_SESSION,
)

from .answers import Answers

Mode: TypeAlias = str
"""`"auto"` probes, `"legacy"` goes straight to `initialize`, and so does a version of the handshake
era, which is offered; a modern version is spoken unasked.
"""

NAMELESS = {"name": "unknown", "version": "unknown"}
MODERN_CODES = (HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION)


class Agreement(Struct, frozen=True):
    """What a client and a server agreed on."""

    revision: Revision
    initialize: InitializeResult | None = None
    discover: DiscoverResult | None = None

    @property
    def server_info(self) -> dict[str, Any]:
        """The server's own description, with the members that it added."""
        if self.initialize is not None:
            own: dict[str, Any] = (self.initialize.meta or {}).get(META_SERVER_INFO) or {}
            return {**self.initialize.server_info.model_dump(exclude_none=True), **own}
        meta = None if self.discover is None else self.discover.meta
        return dict((meta or {}).get(META_SERVER_INFO) or NAMELESS)

    @property
    def takes_wishes(self) -> bool:
        """Whether a request may say that it wishes to be a task, as it can in 2025-11-25."""
        said = self.initialize
        tasks = None if said is None else said.capabilities.tasks
        return tasks is not None and self.revision == R2025_11_25

    def as_initialize_result(self) -> InitializeResult:
        """What the server said of itself, as a handshake has it."""
        if self.initialize is not None:
            return self.initialize
        found = self.discover
        return InitializeResult(
            protocol_version=self.revision.text,
            capabilities=ServerCapabilities() if found is None else found.capabilities,
            server_info=Implementation.model_validate(self.server_info),
            instructions=None if found is None else found.instructions,
        )


class Introduction(Struct):
    """What a client says of itself: `info` is an encoded `Implementation`, `session` the name of
    its session with a modern server.
    """

    info: Raw
    answers: Answers
    session: str
    said: dict[str, Any] | None = None

    def envelope(self, revision: Revision, extension: str | None = None) -> dict[str, Any]:
        """The `_meta` members of a modern request: the same object while they are the same, and
        not to be changed. With an `extension` that is declared beside the client's own.
        """
        if extension is not None:
            declared = self.answers.capabilities(revision, extension)
            return {**self.envelope(revision), META_CLIENT_CAPABILITIES: declared}
        capabilities, said = self.answers.capabilities(revision), self.said
        if (
            said is None
            or said[META_CLIENT_CAPABILITIES] is not capabilities
            or said[META_PROTOCOL_VERSION] != revision.text
        ):
            said = self.said = {
                META_PROTOCOL_VERSION: revision.text,
                META_CLIENT_INFO: self.info,
                META_CLIENT_CAPABILITIES: capabilities,
                META_SESSION: self.session,
            }
        return said


class Asked(Protocol):
    """What can be asked before there is an agreement."""

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None,
        cancellable: bool,
    ) -> Awaitable[Raw]: ...


Probe: TypeAlias = Callable[[], Coroutine[Any, Any, "Agreement | McpError | None"]]
Handshake: TypeAlias = Callable[[], Coroutine[Any, Any, Agreement]]


class _Supported(Struct):
    supported: list[str]


async def negotiate(
    server: Asked,
    client: Introduction,
    mode: Mode,
    *,
    timeout: float | None,
    probe_timeout: float | None,
    prior: DiscoverResult | None = None,
) -> Agreement:
    """Agree on a revision. `prior` is what a server that is spoken to unasked has said before.

    Raises:
        McpError: the server refused.
        ClientError: it cannot be reached, or there is no revision in common.
    """
    if mode in REVISIONS and REVISIONS[mode].modern:
        return Agreement(REVISIONS[mode], discover=prior)
    handshake = partial(_initialize, server, client, REVISIONS.get(mode, LATEST_HANDSHAKE), timeout)
    if mode != "auto":
        return await handshake()
    probe = partial(_probe, server, client, LATEST_MODERN, timeout)
    if probe_timeout is not None:
        return await _in_turn(probe, handshake, probe_timeout)
    found = await probe()
    return found if isinstance(found, Agreement) else await _after(found, handshake())


async def _in_turn(probe: Probe, handshake: Handshake, patience: float) -> Agreement:
    """Agree with a server that may not answer what it does not know: after a while it is offered
    the handshake, too, and its first answer counts.
    """
    probing = asyncio.ensure_future(probe())
    opening: asyncio.Task[Agreement] | None = None
    try:
        await asyncio.wait([probing], timeout=patience)
        if not probing.done():
            opening = asyncio.ensure_future(handshake())
            await asyncio.wait([probing, opening], return_when=asyncio.FIRST_COMPLETED)
        found = None
        if probing.done():
            try:
                found = probing.result()
            except TimedOut:
                found = None  # the handshake has as long, and began later
        if isinstance(found, Agreement):
            return found
        return await _after(found, handshake() if opening is None else opening)
    finally:
        for each in filter(None, (probing, opening)):
            each.cancel()
            each.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()


async def _after(failure: McpError | None, handshake: Awaitable[Agreement]) -> Agreement:
    """The handshake, after a probe that found nothing."""
    try:
        return await handshake
    except McpError as refusal:
        if failure is not None and refusal.code in MODERN_CODES:
            raise failure from None  # the server is a modern one, in which the probe failed
        raise


async def _probe(
    server: Asked,
    client: Introduction,
    revision: Revision,
    timeout: float | None,
    *,
    again: bool = True,
) -> Agreement | McpError | None:
    """Ask for `server/discover`; its error, or None, tells of a handshake server."""
    try:
        raw = await server.request(
            "server/discover",
            {"_meta": client.envelope(revision)},
            timeout=timeout,
            cancellable=False,
        )
        found = json.decode(raw, type=DiscoverResult)
    except TimedOut:
        raise  # an McpError, too
    except McpError as error:
        if error.code not in MODERN_CODES:
            return error
        common = _mutual(_supported(error))
        if common is None or not again:
            if any(REVISIONS.get(text) in HANDSHAKE_REVISIONS for text in _supported(error)):
                return None
            raise
        return await _probe(server, client, common, timeout, again=False)
    except UnexpectedResponse as error:
        if error.status in (400, 404, 405, 406, 415) or error.status < 300:
            return None
        raise
    except (DecodeError, ValueError):
        return None
    common = _mutual(found.supported_versions)
    return None if common is None else Agreement(common, discover=found)


async def _initialize(
    server: Asked, client: Introduction, offered: Revision, timeout: float | None
) -> Agreement:
    raw = await server.request(
        "initialize",
        {
            "protocolVersion": offered.text,
            "capabilities": client.answers.capabilities(offered),
            "clientInfo": client.info,
        },
        timeout=timeout,
        cancellable=False,
    )
    try:
        result = json.decode(raw, type=InitializeResult)
    except ValueError as error:
        raise ClientError(f"The server's answer to initialize is unreadable: {error}") from None
    revision = REVISIONS.get(result.protocol_version)
    if revision not in HANDSHAKE_REVISIONS:
        known = ", ".join(r.text for r in HANDSHAKE_REVISIONS)
        raise ClientError(
            f"The server speaks protocol version {result.protocol_version!r}; this client speaks "
            f"{known} with a handshake"
        )
    return Agreement(revision, initialize=result)


def _supported(error: McpError) -> list[str]:
    try:
        return convert(error.data, type=_Supported).supported
    except ValidationError:
        return []


def _mutual(offered: list[str]) -> Revision | None:
    """The newest modern revision that both sides know."""
    known = [r for r in MODERN_REVISIONS if r.text in offered]
    return known[-1] if known else None
