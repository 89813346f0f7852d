"""RestEndpoint: the ASGI application of one path, with a function for each method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ..body import CLOSE, ASGIReceive, ASGISend, lingering
from .answer import Answer
from .failure import Failure
from .request import Gone, RestRequest

Act: TypeAlias = Callable[[RestRequest], Awaitable[Answer]]


class RestEndpoint:
    """Answers GET, and HEAD as GET without a body, and POST; to all else it says what it has."""

    def __init__(self, *, get: Act | None = None, post: Act | None = None) -> None:
        acts = {"GET": get, "HEAD": get, "POST": post}
        self._acts = {method: act for method, act in acts.items() if act is not None}
        self._allow = ", ".join(self._acts).encode()

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: ASGIReceive, send: ASGISend
    ) -> None:
        request = RestRequest(scope, receive, send)
        act = self._acts.get(scope["method"])
        try:
            if act is None:
                raise self._not_allowed(scope["method"])
            answer = await act(request)
        except Failure as failure:
            answer = failure.answer
            if CLOSE in answer.headers:
                send = lingering(send, receive)
        except Gone:
            return
        known = request.headers.get(b"if-none-match")
        await answer.send(send, head=scope["method"] == "HEAD", known=known)

    def _not_allowed(self, method: str) -> Failure:
        allow = self._allow.decode()
        return Failure(
            405, f"{method} is not for this path; use {allow}", headers=((b"allow", self._allow),)
        )
