"""A short run of what `fuzz/run.py` does at length, and proof that it would notice."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEED = 20260728


@pytest.fixture
def fuzzing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program, as a module."""
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("fuzz.run")


@pytest.fixture
def oracle(fuzzing: Any) -> Any:
    """What says which answers are right."""
    return importlib.import_module("fuzz.oracle")


@pytest.mark.parametrize(
    ("suite", "cases"),
    [
        ("connection-bytes", 1500),
        ("connection-messages", 2500),
        ("application-bytes", 1000),
        ("application-messages", 1500),
        ("process-bytes", 300),
        ("process-messages", 300),
        ("web-server", 100),
        ("wire", 1000),
    ],
)
def test_bad_input_is_answered_as_json_rpc_says(
    fuzzing: Any, suite: str, cases: int, tmp_path: Path
) -> None:
    """No crash, no hang, no traceback on the wire, and every right answer under its id."""
    report = fuzzing.fuzz([suite], cases, SEED, folder=tmp_path / "failures", watched=False)

    assert report.cases == cases
    assert dict(report.kinds) == {}


CALL = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
RESULT = b'{"jsonrpc":"2.0","id":1,"result":{}}'
INVALID = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        (CALL, []),
        (CALL, [RESULT, RESULT]),
        (CALL, [b'{"jsonrpc":"2.0","id":2,"result":{}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":"1","result":{}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1.0,"result":{}}']),
        (CALL, [INVALID]),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"result":[]}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"result":{},"error":null}']),
        (CALL, [b'{"id":1,"result":{}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"oops"}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"oops"}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"result":{"a":NaN}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"result":{"a":"\xff"}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,\n"result":{}}']),
        (CALL, [b'{"jsonrpc":"2.0","id":1,"result":{"a":"Traceback (most recent"}}']),
        (CALL, [b"Traceback"]),
        (CALL, [RESULT, b'{"jsonrpc":"2.0","id":9,"method":"ping"}']),
        (b'{"jsonrpc":"2.0","method":"ping"}', [INVALID]),
        (b'{"jsonrpc":"2.0","method":"ping","params":{}}', [RESULT]),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', [INVALID]),
        (b"{", []),
        (b"{", [INVALID, INVALID]),
        (b"\xff", []),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', [RESULT]),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', []),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', [RESULT]),
        (b"[" + CALL + b"]", [RESULT]),
    ],
)
def test_a_wrong_answer_would_be_noticed(oracle: Any, said: bytes, answers: list[bytes]) -> None:
    """Missing, twice, to nothing, under another id, malformed, telling of our insides."""
    with pytest.raises(oracle.Wrong):
        oracle.judge([oracle.expect(said)], answers)


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ([CALL], [RESULT]),
        ([CALL, CALL], [RESULT, RESULT]),
        ([CALL, b"{"], [INVALID, RESULT]),
        ([b'{"jsonrpc":"2.0","method":"ping"}'], []),
        ([b'{"jsonrpc":"2.0","id":1,"method":5}'], [INVALID]),
        ([b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}'], [INVALID]),
    ],
)
def test_a_right_answer_would_not(oracle: Any, said: list[bytes], answers: list[bytes]) -> None:
    """In any order."""
    oracle.judge(map(oracle.expect, said), answers)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {b"content-type": b"application/json"}, INVALID),
        (200, {b"content-type": b"text/plain"}, RESULT),
        (202, {}, b""),
        (400, {}, b""),
        (400, {b"content-type": b"application/json"}, RESULT),
        (200, {b"content-type": b"text/event-stream"}, b"data: " + RESULT + b"\r\n"),
        (200, {b"content-type": b"text/event-stream"}, b"datum: 1\r\n\r\n"),
    ],
)
def test_a_wrong_response_would_be_noticed(
    oracle: Any, status: int, headers: dict[bytes, bytes], body: bytes
) -> None:
    """By its status, its type, its body, or how its stream is written."""
    with pytest.raises(oracle.Wrong):
        oracle.judge_http(oracle.expect(CALL), status, headers, body, strict=True)
