"""What is a right answer: JSON-RPC 2.0 and MCP read anew, on the standard library's `json`.

Nothing here uses the reader under test. Where JSON itself leaves a choice (surrogates, numbers
without bounds, a member twice, nesting without end) any well-formed answer with the right id is
right; everywhere else there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["answer", "nothing", "refusal", "unsure", "batch"]
NOTIFICATIONS = {
    "notifications/message",
    "notifications/progress",
    "notifications/subscriptions/acknowledged",
}
REFUSALS = {-32700, -32600}
CODES = {-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022}
MAX_BATCH = 1000
STATUSES = {200, 202, 400, 403, 404, 405, 406, 409, 413, 415, 421}

# Half a surrogate pair, a number without bounds, or a key that may be another's in disguise.
_CHOICE = re.compile(rb"\\u(?:[dD][89a-fA-F]|00)|\d{17}")
_ENVELOPE = [b'"id"', b'"method"', b'"params"', b'"jsonrpc"', b'"result"', b'"error"']
_ID = re.compile(rb'"id"\s*:\s*(-?\d{1,4300}|"(?:[^"\\]|\\.)*")')
_LEAK = re.compile(rb"Traceback|File \\?\"|\.py\b")


class Wrong(Exception):
    """An answer, or the lack of one, that is against the specification."""


class Expected(Struct):
    """What one message may bring: `ids` are those that its answer may carry, besides null."""

    kind: Kind
    ids: list[Any] = []
    members: list[Expected] = []


def expect(data: bytes, *, batches: bool = False, bare: bool = False) -> Expected:
    """Read a message as the specification does; `bare` allows calls that are no JSON-RPC."""
    try:
        text = data.decode()
        found = json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except RecursionError:
        return Expected("unsure", _ids(data))
    except ValueError:
        # Also of what is cut off or damaged the id may still be readable, or seem so.
        return Expected("refusal", _ids(data))
    if isinstance(found, list) and batches:
        return _expect_batch(data, json.loads(text, parse_int=_integer, object_pairs_hook=_members))
    if _CHOICE.search(data) or any(data.count(name) > 1 for name in _ENVELOPE):
        return Expected("unsure", [*_ids(data), *_own_id(found), *([0] if bare else [])])
    if bare and _is_bare_call(found):
        return Expected("answer", _own_id(found) or [0])
    return _expect_value(found)


def _is_bare_call(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and "jsonrpc" not in found
        and isinstance(found.get("method"), str)
        and found["method"] != "initialize"
        and isinstance(found.get("params", {}), dict)
        and (found.get("id") is None or _is_id(found["id"]))
    )


def _expect_batch(data: bytes, found: list[Any]) -> Expected:
    if not found or len(found) > MAX_BATCH:
        return Expected("refusal")
    if _CHOICE.search(data):
        members = [Expected("unsure", [*_ids(data), *_own_id(member)]) for member in found]
        return Expected("batch", members=members)
    return Expected("batch", members=[_expect_member(member) for member in found])


def _expect_member(member: Any) -> Expected:
    if isinstance(member, _Twice):
        return Expected("unsure", [id for id in member.ids if _is_id(id)])
    return _expect_value(member)


class _Twice(dict[str, Any]):
    """An object in which a member stands twice, and every id that it has."""

    ids: list[Any]


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = _Twice(found)
    twice.ids = [value for key, value in pairs if key == "id"]
    return twice


def _expect_value(found: Any) -> Expected:
    if not isinstance(found, dict):
        return Expected("refusal")
    id, method = found.get("id"), found.get("method")
    readable = _is_id(id)
    ids = [id] if readable else []
    if found.get("jsonrpc") != "2.0" or ("id" in found and not readable and id is not None):
        return Expected("refusal", ids)
    if "method" in found:
        wrong = not isinstance(method, str) or not isinstance(found.get("params", {}), dict)
        if wrong or ("id" in found and id is None):
            return Expected("refusal", ids)
        return Expected("answer", ids) if "id" in found else Expected("nothing")
    if "error" in found or ("result" in found and readable):
        return Expected("nothing")
    return Expected("refusal", ids)


def _own_id(found: Any) -> list[Any]:
    return [found["id"]] if isinstance(found, dict) and _is_id(found.get("id")) else []


def _is_id(id: Any) -> bool:
    return isinstance(id, (int, str)) and not isinstance(id, bool)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _integer(text: str) -> Any:
    # More digits than Python likes; what it is does not matter, only that it is no id.
    return int(text) if len(text) < 4300 else 0.5


def _ids(data: bytes) -> list[Any]:
    found: list[Any] = []
    for match in _ID.findall(data):
        try:
            found.append(json.loads(match))
        except ValueError:
            pass
    return found


def read_answer(data: bytes) -> dict[str, Any]:
    """One message of the server's.

    Raises:
        Wrong: it is not a well-formed JSON-RPC 2.0 message, or tells of our insides.
    """
    if _LEAK.search(data):
        raise Wrong(f"a traceback on the wire: {data[:300]!r}")
    if b"\n" in data or b"\r" in data:
        raise Wrong(f"a newline inside of a message: {data[:300]!r}")
    try:
        found = json.loads(data.decode(), parse_constant=_refuse)
    except ValueError as error:
        raise Wrong(f"not JSON in UTF-8 ({error}): {data[:300]!r}") from None
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        raise Wrong(f"not a JSON-RPC 2.0 message: {data[:300]!r}")
    _check_shape(found, data)
    return found


def _check_shape(found: dict[str, Any], data: bytes) -> None:
    members = found.keys() - {"jsonrpc"}
    if members == {"method", "params"}:
        if found["method"] not in NOTIFICATIONS:
            raise Wrong(f"an unknown notification: {data[:300]!r}")
    elif members == {"id", "result"}:
        if not isinstance(found["result"], dict) or not _is_id(found["id"]):
            raise Wrong(f"a malformed result: {data[:300]!r}")
    elif members == {"id", "error"}:
        error = found["error"]
        well_formed = (
            isinstance(error, dict)
            and error.keys() <= {"code", "message", "data"}
            and type(error.get("code")) is int
            and isinstance(error.get("message"), str)
            and (found["id"] is None or _is_id(found["id"]))
        )
        if not well_formed:
            raise Wrong(f"a malformed error: {data[:300]!r}")
        if error["code"] not in CODES:
            raise Wrong(f"the error code {error['code']}: {data[:300]!r}")
    else:
        raise Wrong(f"the members {sorted(members)}: {data[:300]!r}")


def judge(expected: Iterable[Expected], answers: Iterable[bytes], *, cancels: bool = False) -> None:
    """Compare what came with what had to; `cancels` says that answers may be missing.

    Raises:
        Wrong: something came that must not have, or did not come.
    """
    slots = list(_flat(expected))
    found = [answer for answer in map(read_answer, answers) if "method" not in answer]
    fitting = _fitting(slots, found)
    if (lonely := _unmatched(fitting)) is not None:
        raise Wrong(f"an answer to nothing: {json.dumps(found[lonely])[:300]}")
    if cancels:
        return
    due = [number for number, slot in enumerate(slots) if slot.kind in ("answer", "refusal")]
    reverse: dict[int, list[int]] = {number: [] for number in due}
    for number, candidates in enumerate(fitting):
        for slot in candidates:
            if slot in reverse:
                reverse[slot].append(number)
    if (lonely := _unmatched([reverse[number] for number in due])) is not None:
        raise Wrong(f"no answer where one is due: {slots[due[lonely]]}")


def _fitting(slots: list[Expected], answers: list[dict[str, Any]]) -> list[list[int]]:
    """For each answer, the messages that it may be the answer to."""
    by_id: dict[Any, list[int]] = {}
    for number, slot in enumerate(slots):
        for key in {(type(id), id) for id in slot.ids} | {(type(None), None)}:
            by_id.setdefault(key, []).append(number)
    return [
        [
            number
            for number in by_id.get((type(answer["id"]), answer["id"]), ())
            if _fits(slots[number], answer["id"], answer.get("error"))
        ]
        for answer in answers
    ]


def _unmatched(candidates: list[list[int]]) -> int | None:
    """The first that gets none of its candidates when each goes to one only (Kuhn's algorithm).

    Were all answers, and all messages that are due one, to find a partner by themselves, then
    there is a pairing that serves both (Mendelsohn and Dulmage).
    """
    taken: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for candidate in candidates[one]:
            if candidate not in taken:
                taken[candidate] = one
                return True
        for candidate in candidates[one]:
            if candidate not in tried:
                tried.add(candidate)
                if place(taken[candidate], tried):
                    taken[candidate] = one
                    return True
        return False

    return next((one for one in range(len(candidates)) if not place(one, set())), None)


def _flat(expected: Iterable[Expected]) -> Iterable[Expected]:
    for one in expected:
        yield from one.members if one.kind == "batch" else (one,)


def _fits(slot: Expected, id: Any, error: Any) -> bool:
    known = id is not None
    if slot.kind in ("answer", "nothing"):
        return known and slot.kind == "answer"
    if id is None:
        return error is not None and error["code"] in REFUSALS
    refused = error is not None and error["code"] in REFUSALS
    return known and (refused or slot.kind == "unsure")


def judge_http(
    expected: Expected,
    status: int,
    headers: dict[bytes, bytes],
    body: bytes,
    *,
    strict: bool,
    head: bool = False,
) -> None:
    """As `judge`, for a POST and its whole response.

    Raises:
        Wrong: the status, the headers or the body are not what they may be.
    """
    if status not in STATUSES:
        raise Wrong(f"the status {status}: {body[:300]!r}")
    kind = headers.get(b"content-type", b"")
    if not body or head:
        if status == 202 and expected.kind in ("answer", "refusal") and strict:
            raise Wrong(f"202 where an answer is due: {expected}")
        if not head and status not in (200, 202, 404, 405):
            raise Wrong(f"the status {status} without a body")
        return
    if kind.startswith(b"text/event-stream"):
        answers = [data for data in _events(body) if data]
    elif kind == b"application/json":
        answers = _array(body)
    else:
        raise Wrong(f"a body of type {kind!r}: {body[:300]!r}")
    found = [read_answer(data) for data in answers]
    if status >= 400:
        _check_refusal(expected, status, found)
    elif strict:
        judge([expected], answers)


def _check_refusal(expected: Expected, status: int, found: list[dict[str, Any]]) -> None:
    if len(found) != 1 and expected.kind != "batch":
        raise Wrong(f"{status} with {len(found)} messages")
    for answer in found:
        if "error" not in answer:
            raise Wrong(f"{status} with {answer}")
        slots = list(_flat([expected]))
        ids = [id for slot in slots for id in slot.ids]
        if answer["id"] is not None and answer["id"] not in ids:
            raise Wrong(f"{status} with the id {answer['id']!r} of nobody")


def _array(body: bytes) -> list[bytes]:
    """The members of a JSON array; or its one message."""
    if not body.startswith(b"["):
        return [body]
    try:
        return [json.dumps(member).encode() for member in json.loads(body)]
    except ValueError as error:
        raise Wrong(f"not JSON ({error}): {body[:300]!r}") from None


def _events(body: bytes) -> list[bytes]:
    """The data of each event of a stream, read in the plainest way."""
    if not body.endswith(b"\r\n\r\n"):
        raise Wrong(f"a stream that ends amid an event: {body[-300:]!r}")
    events: list[bytes] = []
    for block in body.split(b"\r\n\r\n")[:-1]:
        lines = [line for line in block.split(b"\r\n") if not line.startswith(b":")]
        if any(
            line.partition(b":")[0] not in (b"event", b"data", b"id", b"retry") for line in lines
        ):
            raise Wrong(f"a malformed event: {block[:300]!r}")
        data = [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data:")]
        if lines:
            events.append(b"\n".join(data))
    return events
