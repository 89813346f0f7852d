"""An ASGI application behind an HTTP client in the same process, with streams that stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

END: Any = None


class StreamingASGITransport(httpx2.AsyncBaseTransport):
    """Hands requests to an ASGI application, in the running event loop.

    A response is there when its headers are, and its body comes as the application sends it. When
    the response is closed the application hears of a disconnect; what it does then is cancelled
    unless `cancel_on_close` is False.
    """

    def __init__(self, app: Any, *, cancel_on_close: bool = True) -> None:
        self.app = app
        self.cancel_on_close = cancel_on_close

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        body = b"".join([chunk async for chunk in request.stream])
        run = _Run(self.app, _scope_of(request), body)
        try:
            status, headers = await run.begun()
        except BaseException:
            await run.end(cancel=True)
            raise
        stream = _Body(run, cancel=self.cancel_on_close)
        return httpx2.Response(status, headers=headers, stream=stream, request=request)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, run: _Run, *, cancel: bool) -> None:
        self._run = run
        self._cancel = cancel

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._run.chunk()) is not END:
            yield chunk

    async def aclose(self) -> None:
        await self._run.end(cancel=self._cancel)


class _Run:
    """The application, as it serves one request."""

    def __init__(self, app: Any, scope: dict[str, Any], body: bytes) -> None:
        self._body: bytes | None = body
        self._chunks: asyncio.Queue[Any] = asyncio.Queue()
        self._left = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._start: asyncio.Future[tuple[int, Any]] = loop.create_future()
        self._task = loop.create_task(app(scope, self._receive, self._send))
        self._task.add_done_callback(lambda _: self._chunks.put_nowait(END))

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            if not self._start.done():
                self._start.set_result((message["status"], message.get("headers") or []))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                self._chunks.put_nowait(message["body"])
            if not message.get("more_body"):
                self._chunks.put_nowait(END)

    async def begun(self) -> tuple[int, Any]:
        """The status and the headers.

        Raises:
            Exception: what the application raised instead.
        """
        await asyncio.wait((self._start, self._task), return_when="FIRST_COMPLETED")
        if self._start.done():
            return self._start.result()
        await self._task
        raise httpx2.RemoteProtocolError("The application returned without a response")

    async def chunk(self) -> Any:
        """The next piece of the body, or END.

        Raises:
            Exception: what the application raised in place of the rest.
        """
        chunk = await self._chunks.get()
        if chunk is END and self._task.done() and not self._task.cancelled():
            self._task.result()
        return chunk

    async def end(self, *, cancel: bool) -> None:
        """Have the application end."""
        self._left.set()
        if cancel:
            await asyncio.sleep(0)  # what is over needs no cancelling
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def _scope_of(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
        "client": ("127.0.0.1", 50000),
        "extensions": {},
    }


@asynccontextmanager
async def run_asgi_lifespan(app: Any) -> AsyncGenerator[None]:
    """Start the lifespan of an ASGI application, and end it.

    Raises:
        RuntimeError: it failed to start or to end, with the application's own text.
    """
    life = _Life(app)
    await life.step("startup")
    try:
        yield
    finally:
        await life.step("shutdown")


class _Life:
    def __init__(self, app: Any) -> None:
        self._wanted: asyncio.Queue[str] = asyncio.Queue()
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._task = asyncio.get_running_loop().create_task(
            app(scope, self._receive, self._told.put)
        )
        self._task.add_done_callback(lambda _: self._told.put_nowait(END))

    async def _receive(self) -> dict[str, Any]:
        return {"type": f"lifespan.{await self._wanted.get()}"}

    async def step(self, name: str) -> None:
        self._wanted.put_nowait(name)
        told: dict[str, Any] = await self._told.get()
        if told is not END and told["type"] == f"lifespan.{name}.complete":
            if name == "shutdown":
                await self._task
            return
        await asyncio.gather(self._task, return_exceptions=True)
        error = None if self._task.cancelled() else self._task.exception()
        text = "" if told is END else told.get("message", "")
        text = text or str(error or "it ended")
        raise RuntimeError(f"The application's lifespan failed at its {name}: {text}") from error
