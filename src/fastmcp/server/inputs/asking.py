"""Asking the client, in either era: by a request of ours, or by a round of input."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Raw, Struct, ValidationError, json

from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import InputRefused, InputUnavailable, McpError, MissingCapability
from fastmcp.wire.jsonrpc import encode_failure
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import sieve

from .rounds import Rounds

R = TypeVar("R", bound=Model)


async def ask(exchange: Exchange, method: str, params: Model, result: type[R]) -> R:
    """The client's answer to one of the methods that a server may ask: its result, decoded.

    Raises:
        InputRefused: the client answered with an error.
        MissingCapability: it did not declare that it can be asked this.
        InputUnavailable: it cannot be asked, is gone, or its answer is unreadable.
    """
    exchange.asked += 1
    sender = exchange.sender
    if exchange.task is not None and not sender.revision.modern and exchange.session is None:
        raise InputUnavailable("A task of a client without a session cannot ask it anything")
    sent = sieve(params, sender.revision)
    if sender.revision.modern or exchange.task is not None:
        _require_declared(exchange, method, params)
        raw = rounds_of(exchange).answer(method, sent)
        if exchange.task is not None and (refused := refusal_in(raw)) is not None:
            raise InputRefused(refused)
    else:
        if exchange.session is not None:
            _require_declared(exchange, method, params)
        try:
            raw = await exchange.peer.request(method, sent, exchange.id)
        except McpError as error:
            raise InputRefused(error) from error
        if exchange.rounds is not None:  # it may go on as a task, and ask the same there
            exchange.rounds.keep(method, sent, raw)
    try:
        return json.decode(raw, type=result)
    except (ValueError, RecursionError) as error:
        raise InputUnavailable(f"The client's answer to {method} is unreadable: {error}") from None


def as_answer(error: McpError) -> Raw:
    """An error in place of an answer, as it is kept with a task."""
    return Raw(encode_failure(None, error))


class _Error(Struct):
    code: int
    message: str
    data: Any = None


class _Refusal(Struct):
    error: _Error


def refusal_in(answer: Raw) -> McpError | None:
    """The error that was kept in place of an answer."""
    try:
        return McpError(json.decode(answer, type=_Refusal).error)
    except ValidationError:
        return None


def rounds_of(exchange: Exchange) -> Rounds:
    """The rounds of a request.

    Raises:
        InputUnavailable: its method has none.
    """
    if not METHODS[exchange.method].interactive:
        raise InputUnavailable(
            f"The client cannot be asked anything while it waits for {exchange.method}"
        )
    if exchange.rounds is None:
        exchange.rounds = Rounds()
    return exchange.rounds


def lacking(capabilities: ClientCapabilities, method: str, params: Any) -> str | None:
    """What a client would have to declare to be asked this: a path such as `sampling.tools`; None
    when it has.
    """
    if method == "roots/list":
        return None if capabilities.supports("roots") else "roots"
    if method == "sampling/createMessage":
        if not capabilities.supports("sampling"):
            return "sampling"
        needs_tools = bool(params.tools or params.tool_choice)
        return (
            "sampling.tools"
            if needs_tools and not capabilities.supports("sampling.tools")
            else None
        )
    if not capabilities.supports("elicitation"):
        return "elicitation"
    if params.mode == "url":
        return None if capabilities.supports("elicitation.url") else "elicitation.url"
    only_pages = capabilities.supports("elicitation.url") and not capabilities.supports(
        "elicitation.form"
    )
    return "elicitation.form" if only_pages else None


def _require_declared(exchange: Exchange, method: str, params: Model) -> None:
    path = lacking(exchange.sender.capabilities, method, params)
    if path is not None:
        raise refusal(path)


def refusal(path: str) -> MissingCapability:
    """The error that tells of a capability which the client lacks."""
    needed: dict[str, Any] = {}
    for step in reversed(path.split(".")):
        needed = {step: needed}
    return MissingCapability(
        f"The client does not support {path}", {"requiredCapabilities": needed}
    )
