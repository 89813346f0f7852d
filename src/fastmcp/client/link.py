"""One way to a server, from its opening to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, json

from fastmcp._runtime.session import Session
from fastmcp.exceptions import Disconnected, TimedOut
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Notification, Request
from fastmcp.wire.revisions import LATEST_HANDSHAKE

from .answers import Answers
from .negotiation import Agreement, Introduction, negotiate
from .options import Options
from .transports.transport import ClientTransport

if TYPE_CHECKING:
    from .tracing import Tracing

logger: Final = logging.getLogger("fastmcp.client")


class Link:
    """A session with a server, and the channel that it goes over.

    It belongs to one task of its own, in the `context` of whoever uses the client: whoever had it
    opened may be cancelled, and anybody may close it. It ends when it is closed, and by itself when
    the server goes away.
    """

    def __init__(
        self,
        transport: ClientTransport,
        options: Options,
        answers: Answers,
        *,
        take: Callable[[Notification], None],
        cancelled: Callable[[Request], None],
        prepare: Callable[[Link], Awaitable[None]],
        lost: Callable[[Link], None],
        tracing: Tracing | None,
        context: Context,
    ) -> None:
        self.channel: Final = transport.open()
        self.session: Session = Session(
            self.channel,
            self._answer,
            on_notification=take,
            on_closed=self._session_closed,
            answers_malformed=False,
        )
        self.introduction: Introduction | None = None
        self.agreement: Agreement | None = None
        self.ready: bool = False
        self._transport = transport
        self._options = options
        self._answers = answers
        self._cancelled = cancelled
        self._prepare = prepare
        self._lost = lost
        self._tracing = tracing
        self._failure: BaseException | None = None
        self._given_up = False
        self._retired = False
        self._awaited = False
        self._trouble: Exception | None = None
        self._turn = asyncio.Lock()
        self._ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = loop.create_future()
        self._life = loop.create_task(self._live(), context=context)

    @property
    def over(self) -> bool:
        """Whether it cannot be used any more, or never could."""
        return self._ending.is_set() or self._life.done()

    @property
    def ended(self) -> bool:
        """Whether everything is free that it used."""
        return self._life.done()

    async def opened(self) -> None:
        """Wait until it can be used.

        Raises:
            McpError: the server refused.
            ClientError: it cannot be reached, or speaks no revision that we do.
        """
        await asyncio.shield(self._opened)
        if self._failure is not None:
            raise self._failure

    async def negotiate(self, timeout: float | None) -> Agreement:
        """Agree on a revision with the server, unless that was done.

        Raises:
            McpError: the server refused.
            ClientError: there is no revision in common, or no answer.
        """
        async with self._turn:
            if self.agreement is None:
                self.agreement = await self._agree(timeout)
                await self._prepare(self)
            return self.agreement

    def abandon(self) -> None:
        """End it soon."""
        self.ready = False
        self._ending.set()
        if not (self._opened.done() or self._given_up):
            self._given_up = True  # a second time would disturb what ends it
            self._life.cancel()

    def retire(self) -> None:
        """End it once its requests are answered: the server has forgotten the session."""
        self._retired = True
        self.abandon()

    async def close(self) -> None:
        """End it, and wait until everything is free that it used.

        Raises:
            Exception: what went wrong in that, once; to a server in this process that may be of its
                own making.
        """
        self._awaited = True
        self.abandon()
        self.session.close()  # a session that was forgotten may still wait for answers
        await asyncio.shield(asyncio.wait((self._life,)))
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble

    # Its life

    async def _live(self) -> None:
        try:
            await self._open()
        except BaseException as error:
            failure = error
            if isinstance(error, asyncio.CancelledError):
                failure = Disconnected("The connection was closed while it was being opened")
            await self._end()
            self._failure = failure
            self._opened.set_result(None)
            return
        self.ready = not self._ending.is_set()
        self._opened.set_result(None)
        try:
            await self._stay()
            if self._retired:
                await self.session.wait_answered()
        finally:
            self.ready = False
            await self._end()

    async def _open(self) -> None:
        patience = self._options.patience(self._transport.sign_in_time)
        deadline = asyncio.timeout(patience)
        try:
            async with deadline:
                await self.channel.start(self.session)
                if self._options.auto_initialize:
                    await self.negotiate(patience)
        except TimeoutError as error:
            if not deadline.expired() and not isinstance(error, TimedOut):
                raise
            noise: str | None = getattr(self.channel, "noise", None)
            instead = (
                "" if noise is None else f"; it is no MCP server, or not yet: it wrote {noise!r}"
            )
            raise TimedOut(
                f"Connection to {self._transport!r} timed out: the server was not ready within "
                f"the init_timeout of {patience:g} seconds{instead}"
            ) from None

    async def _agree(self, timeout: float | None) -> Agreement:
        import secrets

        info = Raw(json.encode(self._options.info))
        client = Introduction(info, self._answers, secrets.token_urlsafe(16))
        self.introduction = client
        mode = self._options.mode
        if mode == "auto" and self._transport.handshake_only:
            mode = "legacy"
        agreement = await negotiate(
            self.session if self._tracing is None else self._tracing.over(self.session),
            client,
            mode,
            timeout=timeout,
            probe_timeout=self._transport.probe_timeout,
            prior=self._options.prior_discover,
        )
        self.channel.speak(agreement.revision)
        if agreement.initialize is not None:
            await self.session.send(jsonrpc.encode_notification("notifications/initialized"))
        return agreement

    async def _stay(self) -> None:
        """Wait for the end, with a look at the server from time to time."""
        interval = self._options.ping_interval
        while not self._ending.is_set():
            try:
                async with asyncio.timeout(interval):
                    await self._ending.wait()
            except TimeoutError:
                assert interval is not None
                await self._look(interval)

    async def _look(self, patience: float) -> None:
        """See that the server is there; one that does not answer has gone."""
        if self.agreement is None or self.introduction is None:
            return
        revision = self.agreement.revision
        method, params = "ping", {}
        if revision.modern:
            method, params = "server/discover", {"_meta": self.introduction.envelope(revision)}
        try:
            await self.session.request(method, params, timeout=patience)
        except Disconnected as error:
            self.session.close(error)
        except TimedOut:
            reason = f"{self._transport!r} did not answer a ping within {patience:g} seconds"
            self.session.close(Disconnected(f"Connection lost: {reason}"))
        except Exception:
            pass  # any other answer shows that it is there

    async def _end(self) -> None:
        self.session.close()
        try:
            await self.channel.close()
        except Exception as error:
            if self._awaited:
                self._trouble = error
            else:
                logger.warning("%r was left with an error", self._transport, exc_info=error)

    def _session_closed(self) -> None:
        if not self._ending.is_set():
            self._ending.set()
            if self.ready:
                self._lost(self)
        self.ready = False
        if self._tracing is not None:
            self._tracing.ended(self.session, self.agreement)

    async def _answer(self, request: Request) -> bytes:
        agreement = self.agreement
        revision = LATEST_HANDSHAKE if agreement is None else agreement.revision
        try:
            return await self._answers.answer(request, revision)
        except asyncio.CancelledError:
            if not self.session.closed:
                self._cancelled(request)
            raise

    def envelope(self, extension: str | None = None) -> dict[str, Any]:
        """The `_meta` members of a request, not to be changed; empty in the handshake era. With an
        `extension` that is declared with this request, whether it is with others or not.
        """
        agreement = self.agreement
        if agreement is None or not agreement.revision.modern:
            return {}
        assert self.introduction is not None
        return self.introduction.envelope(agreement.revision, extension)
