"""The client of a `MockContext`: it writes down what it is told, and answers by a script."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias, cast

from msgspec import Raw, convert, json

from fastmcp._runtime.calling import is_async
from fastmcp._runtime.session import as_error
from fastmcp.client.answers import Answerer, Answers
from fastmcp.client.elicitation import ElicitationAnswers, ElicitResult
from fastmcp.client.notices import Notices
from fastmcp.client.roots import RootsAnswers, RootsHandler, RootsList
from fastmcp.client.sampling.answering import SamplingAnswers
from fastmcp.server.elicitation.results import (
    AcceptedElicitation,
    CancelledElicitation,
    DeclinedElicitation,
)
from fastmcp.wire import jsonrpc
from fastmcp.wire.inputs import CreateMessageRequestParams, ElicitRequestParams
from fastmcp.wire.jsonrpc import Failure, Notification, Request, RequestId, Response
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.notifications import LoggingMessageNotificationParams, ProgressNotificationParams
from fastmcp.wire.revisions import LATEST_HANDSHAKE

Script: TypeAlias = Iterable[Any] | Callable[..., Any]
"""Answers in their order, where an exception is raised; or a function that gives each of them."""

_SPOKEN = LATEST_HANDSHAKE


class LoggedMessage(NamedTuple):
    """What was logged to the client."""

    level: str
    message: Any
    logger: str | None = None
    extra: dict[str, Any] | None = None


class ReportedProgress(NamedTuple):
    """How far the function said that it is."""

    progress: float
    total: float | None = None
    message: str | None = None


class SentNotification(NamedTuple):
    """Anything else that the client was told."""

    method: str
    params: dict[str, Any]


class ScriptedClient:
    """A peer whose answers go the way of the real client's, checked by the same rules."""

    def __init__(
        self,
        elicit: Script | None,
        sample: Script | None,
        roots: RootsList | RootsHandler | None,
    ) -> None:
        self.logs: list[LoggedMessage] = []
        self.progress: list[ReportedProgress] = []
        self.notifications: list[SentNotification] = []
        self.elicitations: list[ElicitRequestParams] = []
        self.samples: list[CreateMessageRequestParams] = []
        self._answers = Answers(cast("Any", self), Notices(None, None, None))
        answerers: dict[str, Answerer] = {}
        if elicit is not None:
            handler = _handler("elicit", elicit, _as_result)
            answerers["elicitation/create"] = _Elicitations(handler, self.elicitations)
        if sample is not None:
            handler = _handler("sample", sample)
            answerers["sampling/createMessage"] = _Samples(handler, self.samples)
        if roots is not None:
            answerers["roots/list"] = RootsAnswers(_fitting(roots) if callable(roots) else roots)
        for method, answerer in answerers.items():
            self._answers.set(method, answerer)

    @property
    def capabilities(self) -> ClientCapabilities:
        """What it has a script for."""
        return ClientCapabilities.model_validate(json.decode(self._answers.capabilities(_SPOKEN)))

    # A peer, as the exchange knows it

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self.hear(message)

    def hear(self, message: bytes) -> None:
        """Write a notification down, in any thread."""
        told = jsonrpc.decode(message)
        assert isinstance(told, Notification)
        if told.method == "notifications/message":
            self.logs.append(_as_log(told.params))
        elif told.method == "notifications/progress":
            said = json.decode(told.params, type=ProgressNotificationParams)
            self.progress.append(ReportedProgress(said.progress, said.total, said.message))
        else:
            self.notifications.append(SentNotification(told.method, json.decode(told.params)))

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        request = Request(1, method, Raw(jsonrpc.encode_value(params)))
        answer = jsonrpc.decode(await self._answers.answer(request, _SPOKEN))
        if isinstance(answer, Failure):
            raise as_error(answer.error)
        assert isinstance(answer, Response)
        return answer.result

    def awaits(self, related: RequestId) -> bool:
        return True

    def release(self, related: RequestId) -> None:
        pass


class _Elicitations(ElicitationAnswers):
    def __init__(self, handler: Any, record: list[ElicitRequestParams]) -> None:
        super().__init__(handler)
        self._record = record

    async def answer(self, params: ElicitRequestParams, context: Any) -> Any:
        self._record.append(params)
        return await super().answer(params, context)


class _Samples(SamplingAnswers):
    def __init__(self, handler: Any, record: list[CreateMessageRequestParams]) -> None:
        super().__init__(handler, {"tools": {}, "context": {}})
        self._record = record

    async def answer(self, params: CreateMessageRequestParams, context: Any) -> Any:
        self._record.append(params)
        return await super().answer(params, context)


def _handler(
    name: str, script: Script, read: Callable[[Any], Any] = lambda answer: answer
) -> Callable[..., Any]:
    """A client's handler that plays a script."""
    if callable(script):
        ask = _fitting(script)

        async def asked(*question: Any) -> Any:
            answer = ask(*question)
            return read(await answer if inspect.isawaitable(answer) else answer)

        return asked
    if isinstance(script, (str, bytes, dict)):
        raise TypeError(f"{name}= takes a list of answers, or a function, not {script!r}")
    answers = iter(script)

    async def played(*question: Any) -> Any:
        return read(_next(name, answers, question[0]))

    return played


def _next(name: str, answers: Iterator[Any], question: Any) -> Any:
    try:
        answer = next(answers)
    except StopIteration:
        raise AssertionError(
            f"MockContext has no answer left in {name}= for: {question!r}"
        ) from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _fitting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called with as many of the handler's arguments as it takes."""
    kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
    positional = sum(kind.name.startswith("POSITIONAL") for kind in kinds)
    count = None if inspect.Parameter.VAR_POSITIONAL in kinds else positional
    if is_async(function):

        async def ask(*arguments: Any) -> Any:
            return await function(*arguments[:count])

        return ask
    return lambda *arguments: function(*arguments[:count])


def _as_result(answer: Any) -> Any:
    """An answer that may be one of those that `ctx.elicit` gives."""
    if isinstance(answer, AcceptedElicitation):
        return ElicitResult[Any](action="accept", content=cast("Any", answer).data)
    if isinstance(answer, (DeclinedElicitation, CancelledElicitation)):
        return ElicitResult[Any](action=answer.action)
    return answer


def _as_log(params: Raw) -> LoggedMessage:
    said = json.decode(params, type=LoggingMessageNotificationParams)
    match said.data:
        case {"msg": message, "extra": extra, **others} if not others:
            kept = convert(extra, dict[str, Any] | None)
            return LoggedMessage(said.level, message, said.logger, kept)
        case data:
            return LoggedMessage(said.level, data, said.logger)
