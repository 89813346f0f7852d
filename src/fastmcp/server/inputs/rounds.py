"""Rounds of input: how a function asks its client where the protocol has no server requests.

A question without an answer ends the run of the function by `Suspended`. The request is answered
with `input_required`, its client answers the questions and sends it again, and the function runs
once more from its beginning: this time what it asks is answered from what was recorded. A question
is known by what it asks, so the order in which concurrent questions come up does not matter, and
an answer is never taken for that of another question (PROTOCOL 3.13).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, get_args

from msgspec import Raw, Struct, field, json

from fastmcp.wire.inputs import InputRequest
from fastmcp.wire.model import Model

from .fingerprint import fingerprint

logger: Final = logging.getLogger("fastmcp.server.inputs")

_REQUESTS: dict[str, Any] = {each.method: each for each in get_args(InputRequest)}


class Suspended(BaseException):
    """The function cannot go on before its client has answered; it is no failure.

    It passes `except Exception`, runs `finally` and leaves context managers.
    """


class Record(Struct):
    """What is known of a request from round to round: answers by question, values of steps that
    ran once, the methods of the questions that are open, and the tool's own state.
    """

    answers: dict[str, Raw] = field(default_factory=dict[str, Raw])
    steps: dict[str, Raw] = field(default_factory=dict[str, Raw])
    asked: dict[str, str] = field(default_factory=dict[str, str])
    state: str | None = None
    session: str | None = None


class Rounds:
    """The rounds of one request. `questions` are those of this run that have no answer yet.

    `responses` are what the client sent with this round, whoever asked for it.
    """

    __slots__ = ("_fresh", "_times", "questions", "record", "responses")

    def __init__(
        self, record: Record | None = None, responses: Mapping[str, Any] | None = None
    ) -> None:
        self.record: Record = record or Record()
        self.responses: Mapping[str, Any] | None = responses
        self.questions: dict[str, InputRequest] = {}
        self._times: dict[str, int] = {}
        self._fresh: set[str] = set()
        for key in self.record.asked:
            if responses is not None and key in responses:
                self.record.answers[key] = Raw(json.encode(responses[key]))
                self._fresh.add(key)
        self.record.asked = {}

    def answer(self, method: str, params: Model) -> Raw:
        """The recorded answer to a question.

        Raises:
            Suspended: there is none yet.
        """
        key = self._key(method, params)
        known = self.record.answers.get(key)
        if known is None:
            self.questions[key] = _REQUESTS[method](params=params)
            raise Suspended
        self._fresh.discard(key)
        return known

    def keep(self, method: str, params: Model, answer: Raw) -> None:
        """Record the answer to a question that was asked by a request."""
        self.record.answers[self._key(method, params)] = answer

    def _key(self, method: str, params: Model) -> str:
        digest = fingerprint(method, params).hex()[:16]
        self._times[digest] = times = self._times.get(digest, 0) + 1
        name = method.partition("/")[0]
        return f"{name}-{digest}" if times == 1 else f"{name}-{digest}-{times}"

    def close(self, questions: Mapping[str, InputRequest], session: str | None) -> Record:
        """What the next round needs, when this one ends with questions."""
        if self._fresh:
            logger.warning(
                "A function asked something else than in the round before, so %d answers were of "
                "no use. It runs again for each round: let it take what changes between runs "
                "(times, random values, what others change) from `await ctx.once(key, fn)`",
                len(self._fresh),
            )
        self.record.asked = {key: each.method for key, each in questions.items()}
        self.record.session = session
        return self.record
