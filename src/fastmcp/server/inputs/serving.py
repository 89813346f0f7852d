"""Serving the requests whose functions may ask their client: tools, prompts and resources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from msgspec import DecodeError, ValidationError, convert, json
from msgspec.structs import replace

from fastmcp._runtime.dispatch import Handler, Render
from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import InputUnavailable, InvalidParams
from fastmcp.server.context import Context
from fastmcp.wire.inputs import InputRequest, InputRequiredResult, ListRootsRequestParams
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model
from fastmcp.wire.shapes import InputResponseRequestParams
from fastmcp.wire.tasks import CreateTaskResult

from ..catalogue import version_asked_for
from .asking import ask, lacking, refusal, rounds_of
from .fingerprint import fingerprint
from .request_state import RequestStateSecurity, seal, unseal
from .rounds import Record, Rounds

# How often a handshake client is asked for one call, by a function that returns what it asks.
MAX_ROUNDS = 10

Failed: TypeAlias = Callable[[Context, Any, BaseException], Any]

_NOT_BOUND = ("_meta", "inputResponses", "requestState")


def interactive(act: Handler[Context], failed: Failed | None = None) -> Handler[Context]:
    """`act`, whose function may ask its client: in rounds where the client is modern. `failed`
    makes results of failures.
    """

    async def serve(context: Context, params: Any) -> Any:
        if params.request_state is not None or params.input_responses is not None:
            _resume(context, params)
        outcome = None
        try:
            outcome = await act(context, params)
            if isinstance(outcome, InputRequiredResult):
                outcome = await _hand_over(context, params, outcome, act)
        except BaseException as fault:
            outcome = _failed(context, params, fault, failed)
        if context.exchange.goes_on is not None:
            return await context.exchange.goes_on()
        rounds: Rounds | None = context.exchange.rounds
        return outcome if rounds is None or not rounds.questions else _suspended(context, rounds)

    return serve


async def run_once(
    context: Context, params: Any, act: Handler[Context], failed: Failed | None
) -> tuple[Any, dict[str, InputRequest]]:
    """What a function gives whose client is not there to be asked, and what it would ask: it is to
    run again when that is answered.

    Raises:
        MissingCapability: what it returned, its client can answer none of.
    """
    outcome, asked = None, dict[str, InputRequest]()
    try:
        outcome = await act(context, params)
        if isinstance(outcome, InputRequiredResult):
            rounds = rounds_of(context.exchange)
            rounds.record.state = outcome.request_state
            asked = _answerable(context, outcome)
    except BaseException as fault:
        outcome = _failed(context, params, fault, failed)
    rounds: Rounds | None = context.exchange.rounds
    return outcome, asked if rounds is None else {**asked, **rounds.questions}


def _failed(context: Context, params: Any, fault: BaseException, failed: Failed | None) -> Any:
    """What is to be said of a failure; nothing of one that only ended the round."""
    if _ends_round(context.exchange, fault):
        return None
    if failed is None:
        raise fault
    return failed(context, params, fault)


def rendering(render: Render[Context]) -> Render[Context]:
    """`render`, which leaves a demand for input as it is, and a task."""

    def written(context: Context, params: Any, result: Any) -> Model:
        return (
            result
            if isinstance(result, (InputRequiredResult, CreateTaskResult))
            else render(context, params, result)
        )

    return written


def _resume(context: Context, params: InputResponseRequestParams) -> None:
    """Take up a request where its last round ended.

    Raises:
        InvalidParams: its state is not what was sealed for it.
    """
    exchange = context.exchange
    if not exchange.sender.revision.modern:
        return
    record = Record()
    if params.request_state is not None:
        record = unseal(_security(context), params.request_state, _bound(context))
    if exchange.sender.session is None:
        exchange.sender = replace(exchange.sender, session=record.session)
    exchange.rounds = Rounds(record, readable_answers(params.input_responses or {}, record.asked))


def readable_answers(responses: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """The responses that are results of what was asked; the others count as not given."""
    read: dict[str, Any] = {}
    for key, value in responses.items():
        try:
            read[key] = convert(value, _result_of(asked.get(key) or _method_of(value)))
        except ValidationError:
            continue
    return read


def _result_of(method: str) -> type[Model]:
    result = METHODS[method].result
    assert result is not None
    return result


def _method_of(result: Any) -> str:
    """What a result answers, by its members."""
    members = cast("dict[str, Any]", result) if isinstance(result, dict) else {}
    if "action" in members:
        return "elicitation/create"
    return "roots/list" if "roots" in members else "sampling/createMessage"


def _ends_round(exchange: Exchange, fault: BaseException) -> bool:
    """Whether what a function raised is due to a question that has no answer yet, or to its wish to
    go on as a task.

    It may be anything: what `Suspended` became on its way, or what came of going on without an
    answer. A fault that has another cause comes up again in the round that has the answer.
    """
    rounds: Rounds | None = exchange.rounds
    asks = rounds is not None and bool(rounds.questions)
    if not asks and exchange.goes_on is None:
        return False
    return not isinstance(fault, (asyncio.CancelledError, KeyboardInterrupt, SystemExit))


def _suspended(context: Context, rounds: Rounds) -> InputRequiredResult:
    """The demand for the answers that the function waits for."""
    questions = dict(rounds.questions)
    record = rounds.close(questions, context.session_id)
    state = seal(_security(context), record, _bound(context))
    return InputRequiredResult(input_requests=questions, request_state=state)


async def _hand_over(
    context: Context,
    params: Any,
    wanted: InputRequiredResult,
    act: Handler[Context],
) -> Any:
    """What comes of a function that returned the demand for input itself.

    Raises:
        ValueError: it demands nothing.
    """
    if not wanted.input_requests and wanted.request_state is None:
        raise ValueError("An InputRequiredResult has input_requests, or request_state, or both")
    if context.revision.modern:
        return _demand(context, wanted)
    outcome: Any = wanted
    for _ in range(MAX_ROUNDS):
        responses = {
            key: await _ask(context.exchange, request)
            for key, request in (outcome.input_requests or {}).items()
        }
        context.exchange.rounds = Rounds(Record(state=outcome.request_state), responses)
        outcome = await act(context, params)
        if not isinstance(outcome, InputRequiredResult):
            return outcome
    raise InputUnavailable(f"The function still asks for input after {MAX_ROUNDS} rounds")


async def _ask(exchange: Exchange, request: InputRequest) -> Model:
    params = request.params or ListRootsRequestParams()
    return await ask(exchange, request.method, params, _result_of(request.method))


def _demand(context: Context, wanted: InputRequiredResult) -> InputRequiredResult:
    """A demand that the client can answer, with its state sealed.

    Raises:
        MissingCapability: it can answer none of it.
    """
    asked = _answerable(context, wanted)
    rounds: Rounds = context.exchange.rounds or Rounds()
    record = rounds.close(asked, context.session_id)
    record.state = wanted.request_state
    state = None
    if record.state is not None or record.answers or record.steps:
        state = seal(_security(context), record, _bound(context))
    return InputRequiredResult(input_requests=asked or None, request_state=state, meta=wanted.meta)


def _answerable(context: Context, wanted: InputRequiredResult) -> dict[str, InputRequest]:
    """What the client can answer of a demand.

    Raises:
        MissingCapability: it can answer none of it.
    """
    capabilities = context.client_capabilities
    given = wanted.input_requests or {}
    asked = {
        key: request
        for key, request in given.items()
        if lacking(capabilities, request.method, request.params) is None
    }
    if given and not asked:
        first = next(iter(given.values()))
        path = lacking(capabilities, first.method, first.params)
        assert path is not None
        raise refusal(path)
    return asked


def _security(context: Context) -> RequestStateSecurity:
    return context.fastmcp._parts.request_state_security


def _bound(context: Context) -> bytes:
    """What the state of this request is bound to: its caller, and all that it asks for."""
    exchange = context.exchange
    try:
        params: dict[str, Any] = json.decode(exchange.params)
    except DecodeError as error:
        raise InvalidParams(f"Invalid params for {exchange.method}: {error}") from None
    asked = {name: value for name, value in params.items() if name not in _NOT_BOUND}
    version = version_asked_for(params.get("_meta"))
    audience = _security(context).audience or context.fastmcp.name
    return fingerprint(audience, context.principal, exchange.method, asked, version)
