"""Answers what a server asks: by requests in the handshake era, in rounds of input in the modern
one (PROTOCOL 3.10 to 3.13). The same handlers serve both, and the same rules of consent hold.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from msgspec import Raw, Struct, json

from fastmcp._tracing.presence import tracing_mode
from fastmcp.exceptions import (
    INTERNAL_ERROR,
    ClientError,
    InputUnavailable,
    InvalidParams,
    McpError,
    MethodNotFound,
)
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import NO_PARAMS, Request, RequestId
from fastmcp.wire.lifecycle import ClientCapabilities, Implementation, InitializeRequestParams
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import Revision, sieve

from .handler_context import RequestContext
from .notices import Notices

if TYPE_CHECKING:
    from .client import Client

logger: Final = logging.getLogger("fastmcp.client")

# How many questions of a server are answered at a time: behind each may be a person, or a model.
MOST = 1000
_BUSY = McpError(code=-32000, message=f"Too many requests: {MOST} are being answered already")
_NOBODY = Implementation(name="", version="")
_HANDLERS = {
    "elicitation/create": "elicitation_handler",
    "sampling/createMessage": "sampling_handler",
    "roots/list": "roots",
}


class Answerer(Protocol):
    """Answers one method of the server's."""

    params: type[Model]

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Enter what can be asked."""
        ...

    def check(self, params: Any) -> None:
        """Raise McpError for what was not declared."""
        ...

    async def answer(self, params: Any, context: RequestContext) -> Model:
        """The result; whatever it raises is the failure of the user's handler."""
        ...


class Extension(Protocol):
    """An extension of the protocol that the client's user has."""

    @property
    def identifier(self) -> str:
        """Its name, such as `org.example/thing`."""
        ...

    def settings(self) -> dict[str, Any]:
        """What is declared of it."""
        ...


Extensions: TypeAlias = Mapping[str, Mapping[str, Any]] | Iterable[Extension]
"""The settings of extensions by their identifiers, or objects that know both."""


class Question(Struct, frozen=True):
    """One thing that a server asks for."""

    method: str
    params: Raw = NO_PARAMS


class Answers:
    """The answers of one client, by method."""

    def __init__(self, client: Client, notices: Notices) -> None:
        self._client = client
        self._notices = notices
        self._answerers: dict[str, Answerer] = {}
        self._declared: dict[tuple[Revision, str | None], Raw] = {}
        self._extensions: dict[str, Any] = {}
        self._answering = 0
        self.rounds: int = 0
        """How many rounds of input there were."""

    def set(self, method: str, answerer: Answerer) -> None:
        """Answer a method from now on."""
        self._answerers[method] = answerer
        self._declared.clear()

    def wrap(self, method: str, wrapper: Callable[[Answerer], Answerer]) -> None:
        """Have something stand around what answers a method."""
        self.set(method, wrapper(self._answerers[method]))

    def extend(self, extensions: Extensions) -> None:
        """Declare extensions of the protocol."""
        if isinstance(extensions, Mapping):
            self._extensions.update(cast("Mapping[str, Any]", extensions))
        else:
            self._extensions.update((each.identifier, each.settings()) for each in extensions)
        self._declared.clear()

    def take_over(self, others: Answers) -> None:
        """Answer as another client does."""
        self._answerers.update(others._answerers)
        self._extensions.update(others._extensions)
        self._declared.clear()

    def declares(self, extension: str) -> bool:
        """Whether an extension is declared with every request."""
        return extension in self._extensions

    def capabilities(self, revision: Revision, extension: str | None = None) -> Raw:
        """What is declared to servers that speak a revision, and what they know of it: encoded, as
        it goes with each request of the modern era; with one `extension` more where that is asked.
        """
        encoded = self._declared.get((revision, extension))
        if encoded is None:
            extensions = dict(self._extensions)
            if extension is not None:
                extensions.setdefault(extension, {})
            declared = ClientCapabilities(extensions=extensions or None)
            for answerer in self._answerers.values():
                answerer.declare(declared)
            said = InitializeRequestParams(
                protocol_version=revision.text, capabilities=declared, client_info=_NOBODY
            )
            known = sieve(said, revision).capabilities
            encoded = self._declared[revision, extension] = Raw(json.encode(known))
        return encoded

    async def answer(self, request: Request, revision: Revision) -> bytes:
        """The response to a request of a handshake server."""
        if self._answering >= MOST:
            return jsonrpc.encode_failure(request.id, _BUSY)
        self._notices.asked(request.id, request.method, request.params)
        if request.method == "ping":
            return jsonrpc.encode_result(request.id, {})
        self._answering += 1
        try:
            question = Question(request.method, request.params)
            answerer, params = self._accepted(question)
            context = self._context(request.id, question, params)
            result = await _traced(answerer.answer(params, context), context)
            return jsonrpc.encode_result(request.id, sieve(result, revision))
        except McpError as error:
            return jsonrpc.encode_failure(request.id, error)
        except InputUnavailable as error:
            # Whom the handler would ask cannot be asked: a server may cause that as often as it
            # likes, and is who is told.
            failure = McpError(code=INTERNAL_ERROR, message=str(error))
            return jsonrpc.encode_failure(request.id, failure)
        except Exception as error:
            logger.exception("The handler of %s failed", request.method)
            failure = McpError(code=INTERNAL_ERROR, message=str(error) or type(error).__name__)
            return jsonrpc.encode_failure(request.id, failure)
        finally:
            self._answering -= 1

    async def answer_all(
        self, questions: Mapping[str, Question], revision: Revision
    ) -> dict[str, Model]:
        """The answers to one round, all asked for at once, by the keys of the questions.

        Raises:
            ClientError: one cannot be answered, which is found before any handler is called, there
                are too many, or a handler failed.
        """
        if len(questions) > MOST:
            raise ClientError(f"The server asks for more than {MOST} things at a time")
        self.rounds += 1
        accepted: dict[str, tuple[Answerer, Any]] = {}
        for key, question in questions.items():
            self._notices.asked(key, question.method, question.params)
            try:
                accepted[key] = self._accepted(question)
            except McpError as error:
                text = f"The server asks for what cannot be answered: {error.message}"
                raise ClientError(text) from error
        tasks: dict[str, asyncio.Task[Model]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for key, (answerer, params) in accepted.items():
                    question = questions[key]
                    context = self._context(key, question, params)
                    work = _answered(answerer, params, context)
                    tasks[key] = group.create_task(work)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0]  # noqa: B904 - its own cause is the handler's failure
        return {key: sieve(task.result(), revision) for key, task in tasks.items()}

    def _accepted(self, question: Question) -> tuple[Answerer, Any]:
        """What answers a question, and its parameters.

        Raises:
            McpError: nothing does.
        """
        answerer = self._answerers.get(question.method)
        if answerer is None:
            handler = _HANDLERS.get(question.method)
            if handler is None:
                raise MethodNotFound(f"Method not found: {question.method}")
            raise MethodNotFound(f"{question.method}: this client has no {handler}")
        try:
            params = json.decode(question.params, type=answerer.params)
        except (ValueError, RecursionError) as error:
            raise InvalidParams(f"Invalid params of {question.method}: {error}") from None
        answerer.check(params)
        return answerer, params

    def _context(self, id: RequestId, question: Question, params: Any) -> RequestContext:
        return RequestContext(
            request_id=id, method=question.method, session=self._client, meta=params.meta
        )


async def _answered(answerer: Answerer, params: Any, context: RequestContext) -> Model:
    try:
        return await _traced(answerer.answer(params, context), context)
    except Exception as error:
        text = str(error) or type(error).__name__
        raise ClientError(f"The handler of {context.method} failed: {text}") from error


async def _traced(work: Coroutine[Any, Any, Model], context: RequestContext) -> Model:
    mode = tracing_mode()
    if mode == "off":
        return await work
    from .tracing import answering

    return await answering(context, work, mode)
