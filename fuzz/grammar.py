"""Makes the cases: valid messages of every method, and what becomes of them.

A message is a tree whose leaves are JSON text, so that it can hold what no encoder would write:
a member twice, `1e999`, half of a surrogate pair, bytes that are not UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, TypeAlias

from msgspec import Struct

from fastmcp._protocol.headers import encode_header
from fastmcp.wire.methods import METHODS
from fastmcp.wire.revisions import HANDSHAKE_REVISIONS, LATEST_MODERN
from fastmcp.wire.shapes import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROTOCOL_VERSION,
    META_SESSION,
)

MODERN = LATEST_MODERN.text
HANDSHAKES = [revision.text for revision in HANDSHAKE_REVISIONS]
FRESH = "fresh"
ERAS = [FRESH, *HANDSHAKES, MODERN]


class Obj(list["list[Any]"]):
    """An object: its members as `[key text, node]`, in order, the same key as often as you like."""


class Arr(list[Any]):
    """An array of nodes."""


Node: TypeAlias = bytes | Obj | Arr


def to_node(value: Any) -> Node:
    """The tree of a Python value."""
    if isinstance(value, dict):
        return Obj([json.dumps(key).encode(), to_node(item)] for key, item in value.items())
    if isinstance(value, list):
        return Arr(map(to_node, value))
    return json.dumps(value).encode()


def render(node: Node) -> bytes:
    """The JSON text of a tree."""
    if isinstance(node, bytes):
        return node
    if isinstance(node, Obj):
        return b"{" + b",".join([key + b":" + render(item) for key, item in node]) + b"}"
    return b"[" + b",".join(map(render, node)) + b"]"


def _nested(opening: bytes, closing: bytes, depth: int, core: bytes = b"") -> bytes:
    return opening * depth + core + closing * depth


# Values for every place: each JSON type, its extremes, and text that is no JSON at all.
VALUES: list[bytes] = [
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-1",
    b"7",
    b"1.0",
    b"1.5",
    b"1e3",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"9007199254740993",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1" + b"0" * 400,
    b"9" * 4301,
    b"-" + b"9" * 5000,
    b'""',
    b'"a"',
    b'"1"',
    b'"2026-07-28"',
    b'"2025-03-26"',
    b'"tools/call"',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"\\udc00"',
    b'"\\ud800\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\ud800x"',
    b'"\\uD83D\\u0041"',
    '"\u2028\u0085"'.encode(),
    '"世界"'.encode(),
    b'"=?base64?%%?="',
    b'"../../etc/passwd"',
    b'"' + b"x" * 5000 + b'"',
    b"[]",
    b"[1]",
    b"{}",
    b'{"a":1,"a":2}',
    b'{"":null}',
    b'{"id":1,"method":"ping"}',
    _nested(b"[", b"]", 64),
    _nested(b'{"a":', b"}", 500, b"1"),
    _nested(b"[", b"]", 990),
    # No JSON from here on.
    b"NaN",
    b"Infinity",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"0x10",
    b"'a'",
    b"tru",
    b'"\x00"',
    b'"\x1f"',
    b'"\xff"',
    b'"\xc0\xaf"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\\x"',
    b'"\\u12"',
    b'"',
    b"",
    b"\xef\xbb\xbf1",
    b"{",
    b"]",
    b"[1,]",
    b'{"a":1,}',
    b"/**/1",
]
# Seldom, as they are large.
HEAVY: list[bytes] = [
    _nested(b"[", b"]", 10_000),
    _nested(b'{"a":', b"}", 10_000, b"1"),
    _nested(b"[", b"]", 100_000),
    _nested(b'{"a":', b"}", 100_000, b"{}"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'"' + b"y" * 1_000_000 + b'"',
    b"[" + b"0," * 50_000 + b"0]",
    b"{" + b",".join(b'"%d":0' % n for n in range(10_000)) + b"}",
    b"9" * 100_000,
]
KEYS: list[bytes] = [
    b'"id"',
    b'"method"',
    b'"params"',
    b'"jsonrpc"',
    b'"result"',
    b'"error"',
    b'"_meta"',
    b'"name"',
    b'"uri"',
    b'"arguments"',
    b'"cursor"',
    b'"requestId"',
    b'"progressToken"',
    b'""',
    b'"\\u0069d"',
    b'"\\ud800"',
    b'"x"',
    b"1",
    b"null",
]
METHOD_NAMES = sorted(METHODS)
_INFO = {"name": "fuzz", "version": "1"}
_PARAMS: dict[str, list[dict[str, Any]]] = {
    "initialize": [
        {"protocolVersion": version, "capabilities": {"roots": {}}, "clientInfo": _INFO}
        for version in (*HANDSHAKES, MODERN, "1999-01-01")
    ],
    "tools/call": [
        {"name": "echo", "arguments": {"text": "hi", "times": 2}},
        {"name": "sort", "arguments": {"numbers": [3, 1.5], "options": {"up": True}}},
        {"name": "narrate", "arguments": {"steps": 1}},
        {"name": "narrate"},
        {"name": "ask"},
        {"name": "ask", "inputResponses": {"a": {"roots": []}, "b": {"action": "accept"}}},
        {"name": "ask", "inputResponses": {}, "requestState": "v1.AAAA"},
        {"name": "nobody", "arguments": {}},
    ],
    "resources/read": [
        {"uri": "data://one"},
        {"uri": "data://item/a%20b"},
        {"uri": "tree://a/b/c?depth=2"},
        {"uri": "data://none/such"},
    ],
    "resources/subscribe": [{"uri": "data://one"}],
    "resources/unsubscribe": [{"uri": "data://one"}],
    "prompts/get": [
        {"name": "greet", "arguments": {"name": "Ada", "times": "2"}},
        {"name": "nobody"},
    ],
    "tools/list": [{}, {"cursor": "Mg=="}, {"cursor": ""}],
    "resources/list": [{}],
    "prompts/list": [{}, {"cursor": "nonsense"}],
    "completion/complete": [
        {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "name", "value": "A"}}
    ],
    "logging/setLevel": [{"level": "info"}],
    "subscriptions/listen": [{"notifications": {"toolsListChanged": True}}],
    "sampling/createMessage": [
        {
            "messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}],
            "maxTokens": 5,
        }
    ],
    "elicitation/create": [
        {"message": "who?", "requestedSchema": {"type": "object", "properties": {}}}
    ],
    "tasks/get": [{"taskId": "t"}],
    "tasks/result": [{"taskId": "t"}],
    "tasks/cancel": [{"taskId": "t"}],
    "tasks/update": [{"taskId": "t", "inputResponses": {}}],
    "notifications/cancelled": [{"requestId": 99, "reason": "enough"}, {}],
    "notifications/progress": [{"progressToken": 99, "progress": 0.5, "total": 1}],
    "notifications/message": [{"level": "info", "data": {"a": 1}}],
    "notifications/resources/updated": [{"uri": "data://one"}],
    "notifications/elicitation/complete": [{"elicitationId": "e"}],
}


def envelope(**more: Any) -> dict[str, Any]:
    """The `_meta` of a modern request."""
    return {
        META_PROTOCOL_VERSION: MODERN,
        META_CLIENT_CAPABILITIES: {"roots": {}},
        META_CLIENT_INFO: _INFO,
        META_SESSION: "a session",
        **more,
    }


def request(method: str, params: dict[str, Any], era: str, id: Any) -> dict[str, Any]:
    """A valid request as an era has it; a notification when `id` is None."""
    message: dict[str, Any] = {"jsonrpc": "2.0"}
    if id is not None:
        message["id"] = id
    message["method"] = method
    if era == MODERN and id is not None:
        params = {**params, "_meta": envelope(progressToken=id, **{META_LOG_LEVEL: "debug"})}
    elif id is not None and method == "tools/call":
        params = {**params, "_meta": {"progressToken": "p"}}
    message["params"] = params
    return message


def initialize(revision: str) -> bytes:
    """The opening of a handshake."""
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": _INFO}
    return json.dumps(request("initialize", params, revision, "init")).encode()


def valid(rng: Random, era: str) -> dict[str, Any]:
    """A valid message of any method."""
    method = rng.choice(METHOD_NAMES)
    if rng.random() < 0.3:
        method = "tools/call"
    params = rng.choice(_PARAMS.get(method, [{}]))
    is_request = METHODS[method].result is not None
    roll = rng.random()
    if roll < 0.04:
        return {"jsonrpc": "2.0", "id": rng.choice([1, "a", 0]), "result": {}}
    if roll < 0.08:
        error = {"code": -32601, "message": "no", "data": None}
        return {"jsonrpc": "2.0", "id": rng.choice([1, "a", None]), "error": error}
    if roll < 0.1:
        is_request = not is_request
    id = rng.choice([0, 1, -5, 2**53, "", "id", "1", "é"]) if is_request else None
    return request(method, params, era, id)


def every_valid(era: str) -> Iterator[dict[str, Any]]:
    """One message for each method and each of its parameter sets."""
    for method in METHOD_NAMES:
        for params in _PARAMS.get(method, [{}]):
            yield request(method, params, era, 1 if METHODS[method].result is not None else None)


def _slots(node: Node, found: list[tuple[Obj | Arr, int]]) -> list[tuple[Obj | Arr, int]]:
    if isinstance(node, bytes):
        return found
    for index, child in enumerate(node):
        found.append((node, index))
        _slots(child[1] if isinstance(node, Obj) else child, found)
    return found


def _get(parent: Obj | Arr, index: int) -> Node:
    return parent[index][1] if isinstance(parent, Obj) else parent[index]


def _put(parent: Obj | Arr, index: int, node: Node) -> None:
    if isinstance(parent, Obj):
        parent[index][1] = node
    else:
        parent[index] = node


def value(rng: Random) -> bytes:
    """A value of any type, or of none."""
    return rng.choice(HEAVY) if rng.random() < 0.0008 else rng.choice(VALUES)


def _mutate(rng: Random, root: Node) -> Node:
    slots = _slots(root, [])
    if not slots:
        return value(rng)
    parent, index = rng.choice(slots)
    roll = rng.random()
    if roll < 0.45:
        _put(parent, index, value(rng))
    elif roll < 0.55:
        del parent[index]
    elif roll < 0.67 and isinstance(parent, Obj):
        twin = [parent[index][0], value(rng) if rng.random() < 0.7 else _get(parent, index)]
        parent.insert(rng.choice([index, index + 1, len(parent)]), twin)
    elif roll < 0.75 and isinstance(parent, Obj):
        parent[index] = [rng.choice(KEYS), _get(parent, index)]
    elif roll < 0.85:
        extra = value(rng)
        at = rng.randrange(len(parent) + 1)
        parent.insert(at, [rng.choice(KEYS), extra] if isinstance(parent, Obj) else extra)
    elif roll < 0.9:
        _put(parent, index, Arr([_get(parent, index)]))
    elif roll < 0.95:
        _put(parent, index, Obj([[rng.choice(KEYS), _get(parent, index)]]))
    else:
        rng.shuffle(parent)
    return root


def _scratch(rng: Random, data: bytes) -> bytes:
    """Damage the text itself."""
    roll = rng.random()
    if not data:
        return data
    at = rng.randrange(len(data))
    if roll < 0.3:
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    if roll < 0.5:
        return data[:at]
    if roll < 0.65:
        return data[:at] + data[at + rng.randrange(1, 20) :]
    if roll < 0.8:
        return data[:at] + rng.choice(VALUES) + data[at:]
    if roll < 0.9:
        return rng.choice([b"\xef\xbb\xbf", b" \t\r", b"\x00", b"\x0b"]) + data
    return data + rng.choice([b"\r", b" ", b"x", b"\x00", b"}", data])


def mutated(rng: Random, era: str) -> bytes:
    """A message of any method, mutated; one in twenty stays valid, some become batches."""
    root: Node = to_node(valid(rng, era))
    roll = rng.random()
    for _ in range(0 if roll < 0.05 else 1 if roll < 0.65 else 2 if roll < 0.9 else 4):
        root = _mutate(rng, root)
    if rng.random() < 0.05:
        root = Arr([root, *(to_node(valid(rng, era)) for _ in range(rng.randrange(3)))])
    data = render(root)
    return _scratch(rng, data) if rng.random() < 0.1 else data


class Systematic:
    """Every method with every value in every place, envelope and parameters alike, by number."""

    def __init__(self, eras: list[str]) -> None:
        self._places = [
            (era, message, slot)
            for era in eras
            for message in every_valid(era)
            for slot in range(len(_slots(to_node(message), [])))
        ]

    def __len__(self) -> int:
        return len(self._places) * (len(VALUES) + 1)

    def __getitem__(self, number: int) -> tuple[str, bytes]:
        place, junk = divmod(number, len(VALUES) + 1)
        era, message, slot = self._places[place]
        root = to_node(message)
        parent, index = _slots(root, [])[slot]
        if junk == len(VALUES):
            del parent[index]
        else:
            _put(parent, index, VALUES[junk])
        return era, render(root)


_ALPHABET = b'{}[]:,"\\ \t\r\n0123456789.eE+-truefalsnulujdc\x00\xff\xc3\xa9'


def noise(rng: Random) -> bytes:
    """Bytes that nobody meant as a message."""
    roll = rng.random()
    size = rng.choice([0, 1, 2, 5, 20, 60, 200])
    if roll < 0.3:
        return rng.randbytes(size)
    if roll < 0.6:
        return bytes(rng.choices(_ALPHABET, k=size))
    if roll < 0.75:
        return b" ".join(rng.choices(VALUES, k=rng.randrange(1, 4)))
    if roll < 0.752:
        return rng.choice(HEAVY)
    return _scratch(rng, _scratch(rng, mutated(rng, rng.choice(ERAS))))


class HttpCase(Struct):
    """One HTTP request; `strict` says that its headers are what its body asks for."""

    method: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    strict: bool = True
    chunks: int = 1
    leaves: bool = False


_HEADER_VALUES = [
    b"",
    b" ",
    b"\xff\xfe",
    b"\xb2",
    b"*/*",
    b"application/json",
    b"application/json; charset=utf-8",
    b"text/event-stream",
    b"text/event-stream;q=0, application/json;q=0.5",
    b"application/json, text/event-stream;q=0",
    b";;;,,,q=",
    b"text/plain",
    b"gzip",
    b"identity",
    b"2026-07-28",
    b"2025-11-25",
    b"2025-03-26",
    b"1999-01-01",
    b"draft",
    b"tools/call",
    b"echo",
    b"=?base64?ZWNobw==?=",
    b"=?base64?%%?=",
    b"=?base64?/w==?=",
    b"=?base64?=",
    b"http://evil.example",
    b"http://localhost:1",
    b"null",
    b"evil.example",
    b"localhost",
    b"[::1]:80",
    b"[::1",
    b"0",
    b"-1",
    b"1e3",
    b"9" * 30,
    b"9" * 5000,
    b"x" * 5000,
]
_HEADER_NAMES = [
    b"accept",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"host",
    b"origin",
    b"mcp-protocol-version",
    b"mcp-method",
    b"mcp-name",
    b"mcp-param-x",
    b"mcp-session-id",
    b"last-event-id",
    b"x-forwarded-for",
    b"\xff",
]


def headers_for(message: dict[str, Any], era: str, session: bytes | None) -> list[Any]:
    """The headers that belong to a valid message."""
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
    ]
    if era == MODERN:
        headers.append((b"mcp-protocol-version", MODERN.encode()))
        if "method" in message:
            headers.append((b"mcp-method", str(message["method"]).encode()))
            row = METHODS.get(message["method"])
            target = message["params"].get(row.target) if row is not None and row.target else None
            if target is not None:
                headers.append((b"mcp-name", encode_header(target).encode()))
    elif era != FRESH:
        headers.append((b"mcp-protocol-version", era.encode()))
        if session is not None:
            headers.append((b"mcp-session-id", session))
    return headers


def _mutate_headers(rng: Random, headers: list[Any]) -> None:
    for _ in range(rng.choice([1, 1, 2, 4])):
        roll = rng.random()
        name = rng.choice(_HEADER_NAMES)
        if roll < 0.3 and headers:
            del headers[rng.randrange(len(headers))]
        elif roll < 0.5 and headers:
            headers.append(rng.choice(headers))
        elif roll < 0.8 and headers:
            index = rng.randrange(len(headers))
            headers[index] = (headers[index][0], rng.choice(_HEADER_VALUES))
        else:
            headers.append((name, rng.choice(_HEADER_VALUES)))


def http_case(rng: Random, sessions: dict[str, bytes], *, wild: bool) -> HttpCase:
    """An HTTP request: a mutated message, or, when `wild`, any bytes under any headers."""
    era = rng.choice([MODERN, MODERN, MODERN, *HANDSHAKES, FRESH])
    message = valid(rng, era)
    headers = headers_for(message, era, sessions.get(era))
    if wild:
        body = noise(rng)
    else:
        root: Node = to_node(message)
        for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
            root = _mutate(rng, root)
        if era == "2025-03-26" and rng.random() < 0.3:
            root = Arr([root, *(to_node(valid(rng, era)) for _ in range(rng.randrange(3)))])
        body = render(root)
        if rng.random() < 0.05:
            body = _scratch(rng, body)
    case = HttpCase("POST", headers, body)
    if rng.random() < (0.6 if wild else 0.2):
        case.strict = False
        _mutate_headers(rng, headers)
    if rng.random() < 0.04:
        case.strict = False
        # A GET that is served stays open, so that one comes with its client leaving.
        case.method = rng.choice(["DELETE", "PUT", "OPTIONS", "HEAD", "PATCH", "post"])
    if rng.random() < 0.1:
        case.chunks = rng.choice([0, 2, 5])
    if rng.random() < 0.005:
        case.leaves, case.strict = True, False
    if rng.random() < 0.0005:
        case.method, case.leaves, case.strict = "GET", True, False
    return case
