"""Asking the client to ask its user: by a form, or by a page to visit."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import MissingCapability
from fastmcp.server.inputs.asking import ask, refusal
from fastmcp.wire.inputs import (
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitRequestURLParams,
    ElicitResult,
)
from fastmcp.wire.notifications import ElicitationCompleteNotificationParams
from fastmcp.wire.revisions import R2025_06_18, R2025_11_25, Revision

from .response_type import handle_elicit_accept, parse_elicit_response_type
from .results import AcceptedElicitation, CancelledElicitation, DeclinedElicitation, Elicitation


async def elicit(
    exchange: Exchange,
    message: str,
    response_type: Any = None,
    title: str | None = None,
    description: str | None = None,
) -> Elicitation[Any]:
    """Ask by a form; what was accepted is converted to `response_type`.

    Raises:
        TypeError: no form can ask for that type.
        MissingCapability: the client has no forms.
        ClientError: it has none for this, or is gone.
        InvalidAnswer: the answer does not fit.
    """
    config = parse_elicit_response_type(response_type, title, description)
    revision = _require_since(R2025_06_18, exchange, "elicitation")
    schema = config.form.schema(revision)
    answer = await _ask(exchange, ElicitRequestFormParams(message=message, requested_schema=schema))
    if answer.action == "accept":
        return handle_elicit_accept(config, answer.content)
    return _without_answer(answer)


async def elicit_url(
    exchange: Exchange, message: str, url: str, elicitation_id: str | None = None
) -> Elicitation[None]:
    """Ask to visit a page. Accepted means that the user agreed, not that anything was done there.

    `elicitation_id` is what `notifications/elicitation/complete` will name; clients of
    2025-11-25 get one in any case, no other revision knows it.

    Raises:
        ValueError: the URL is not http(s), or carries credentials.
        MissingCapability: the client opens no pages.
    """
    refuse_url(url)
    revision = _require_since(R2025_11_25, exchange, "elicitation.url")
    # A modern question is known by what it asks, so what it asks must not be random.
    if elicitation_id is None and not revision.modern:
        elicitation_id = uuid.uuid4().hex
    params = ElicitRequestURLParams(message=message, url=url, elicitation_id=elicitation_id)
    answer = await _ask(exchange, params)
    return AcceptedElicitation(data=None) if answer.action == "accept" else _without_answer(answer)


async def tell_completed(exchange: Exchange, elicitation_id: str) -> None:
    """Tell the client that the user is done with a page, if its revision is the one that has it."""
    if exchange.sender.revision == R2025_11_25:
        params = ElicitationCompleteNotificationParams(elicitation_id=elicitation_id)
        await exchange.notify("notifications/elicitation/complete", params)


async def _ask(exchange: Exchange, params: ElicitRequestParams) -> ElicitResult:
    return await ask(exchange, "elicitation/create", params, ElicitResult)


def _without_answer(answer: ElicitResult) -> DeclinedElicitation | CancelledElicitation:
    return DeclinedElicitation() if answer.action == "decline" else CancelledElicitation()


def _require_since(first: Revision, exchange: Exchange, path: str) -> Revision:
    revision = exchange.sender.revision
    if revision < first:
        raise MissingCapability(
            f"The client does not support {path}: revision {revision} of the protocol, which it "
            "speaks, does not have it",
            refusal(path).data,
        )
    return revision


def refuse_url(url: str) -> None:
    """Raises:
    ValueError: no user can be sent there.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"A user can be sent to an http or https URL, not to {url!r}")
    if "@" in parts.netloc:
        raise ValueError(
            "A URL with credentials is seen by the client and its logs; leave them out, and let "
            "the user sign in on the page"
        )
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"The URL has characters that have to be percent-encoded: {url!r}")
