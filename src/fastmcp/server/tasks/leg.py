"""A leg: one run of the function of a task, from its record to what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Raw, Struct, UnsetType, json

from fastmcp._components.current import current_scope
from fastmcp._runtime.faults import to_error
from fastmcp.exceptions import INTERNAL_ERROR, McpError
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.inputs import InputRequest
from fastmcp.wire.jsonrpc import encode_failure
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import sieve

from ..context import Context
from ..handlers.tools import tool_failure
from ..inputs.asking import refusal_in, rounds_of
from ..inputs.rounds import Record, Rounds
from ..inputs.serving import readable_answers, run_once
from ..middleware.chain import compile_chain
from ..routes import HANDLERS
from .caller import restored
from .policies import Again
from .record import Failure, TaskRecord
from .run import TaskRun

if TYPE_CHECKING:
    from ..server import FastMCP


class Ended(Struct):
    """The function gave a result, or raised: `is_error` where its result tells of a failure."""

    result: Raw | UnsetType = UNSET
    error: Failure | None = None
    is_error: bool = False

    @property
    def failed(self) -> bool:
        """Whether it came to nothing."""
        return self.error is not None or self.is_error

    def __call__(self, record: TaskRecord) -> bool:
        record.result, record.error = self.result, self.error
        record.status = "failed" if self.failed else "completed"
        record.status_message = None if self.error is None else self.error.message
        record.questions, record.rounds = {}, None
        return True


class Asked(Struct):
    """The function needs answers before it can go on. It may ask the same again, but no task uses
    a key twice: later ones go out with the number of the leg.
    """

    questions: dict[str, InputRequest]
    rounds: Record

    def __call__(self, record: TaskRecord) -> bool:
        leg = record.leg
        record.asked_as = {f"{key}.{leg}" if leg > 1 else key: key for key in self.questions}
        record.questions = {
            shown: Raw(json.encode(self.questions[key])) for shown, key in record.asked_as.items()
        }
        record.status, record.rounds, record.answers = "input_required", self.rounds, {}
        record.leg = leg + 1
        return True


Outcome = Ended | Asked | Again


async def run_leg(server: FastMCP, record: TaskRecord, run: TaskRun) -> Outcome:
    """Run the function of a task once, as its caller, with what was answered before."""
    exchange = restored(record, run)
    if record.rounds is not None:
        exchange.rounds = Rounds(record.rounds, _answers(record, record.rounds))
    context = Context(server, exchange)
    token = current_scope.set(context)
    try:
        outcome = await _outcome(context, record, run)
    except BaseException as fault:  # also a cancellation that is the function's own
        if run.interrupted or isinstance(fault, KeyboardInterrupt):
            raise
        exchange.report(fault)
        run.policies.fault = fault
        error = to_error(
            fault,
            method=record.method,
            params=record.params,
            revision=exchange.sender.revision,
            masked=server._parts.masks_errors,
        )
        outcome = Ended(error=_failure(error))
    finally:
        current_scope.reset(token)
    if isinstance(outcome, Asked):
        return outcome
    return run.policies.after(failed=outcome.failed) or outcome


def fruitless(why: str) -> Ended:
    """A leg that came to nothing, for a reason that is not its function's."""
    return Ended(error=Failure(INTERNAL_ERROR, f"Internal error: {why}"))


class _Answer(Struct):
    error: Failure


def _failure(error: McpError) -> Failure:
    """An error as the answer to a request would tell of it: without what has no JSON."""
    return json.decode(encode_failure(None, error), type=_Answer).error


def _answers(record: TaskRecord, rounds: Record) -> dict[str, Any]:
    """What its client answered, or refused to, by the keys that the function knows."""
    given, refused = dict[str, Any](), dict[str, Any]()
    for key, raw in record.answers.items():
        kept = given if refusal_in(raw) is None else refused
        kept[record.asked_as[key]] = json.decode(raw)
    return {**readable_answers(given, rounds.asked), **refused}


async def _outcome(context: Context, record: TaskRecord, run: TaskRun) -> Ended | Asked:
    act, render = HANDLERS[record.method]
    if (limits := context.fastmcp.limits) is not None:
        act = compile_chain(limits.around_results(), record.method, act)
    params: Any = json.decode(record.params, type=METHODS[record.method].params)

    async def bounded(context: Context, params: Any) -> Any:
        return await run.policies.bounded(act, context, params)

    def failed(context: Context, params: Any, fault: BaseException) -> CallToolResult:
        run.policies.fault = fault
        if record.method != "tools/call":
            raise fault
        return tool_failure(context, params, fault)

    outcome, questions = await run_once(context, params, bounded, failed)
    if questions:
        return Asked(questions, rounds_of(context.exchange).close(questions, None))
    result: Model = sieve(render(context, params, outcome), context.revision)
    is_error = isinstance(result, CallToolResult) and bool(result.is_error)
    return Ended(result=Raw(json.encode(result)), is_error=is_error)
