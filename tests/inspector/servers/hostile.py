"""A server over stdio that attacks whoever looks at it.

With `many`, by the length of its list; with `endless`, by a list that goes round.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
TURNED = "invoice\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe"
LONG = "a_very_long_name_" * 300
TWICE: dict[str, Any] = {
    "type": "object",
    "properties": {
        f"p{number}": {"anyOf": [{"$ref": "#/$defs/both"}, {"$ref": "#"}]} for number in range(6)
    },
    "required": [f"p{number}" for number in range(6)],
    "$defs": {
        "both": {"anyOf": [{"$ref": "#/$defs/both"}, {"$ref": "#"}, {"$ref": "#/$defs/both"}]}
    },
}
AND_ITSELF: dict[str, Any] = {"type": "object", "allOf": [{"$ref": "#"}] * 6}
NONSENSE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "pointer": {"$ref": "#/%E0%A4%A"},
        "number": 7,
        "type": {"type": 5, "enum": 3, "anyOf": 7, "title": {}},
        "all": {"allOf": [None]},
        "required": {"type": "object", "required": 5, "properties": {"a": {}}},
        "lists": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/properties/lists"}},
    },
}
HALF: dict[str, Any] = {"role": "user", "content": None}
QUESTION: dict[str, Any] = {"role": "user", "content": {"type": "text", "text": "Is this seen?"}}
LINK = {"message": "Go there", "elicitationId": "1"}


def text(*texts: str) -> dict[str, Any]:
    """A result that is these texts."""
    return {"content": [{"type": "text", "text": each} for each in texts]}


def say(message: dict[str, Any]) -> None:
    """Write a message."""
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def ask(id: str, method: str, **params: Any) -> None:
    """Ask the client for something."""
    say({"id": id, "method": method, "params": params})


def ask_oddly(_: Any) -> dict[str, Any]:
    """Ask what makes no sense, and then something that does."""
    ask("1", "sampling/createMessage", messages=[HALF], maxTokens=5)
    ask("2", "elicitation/create", mode="url", url="javascript:alert(4)", **LINK)
    ask("3", "sampling/createMessage", messages=[QUESTION], maxTokens=5)
    return text("asked")


def change_often(_: Any) -> dict[str, Any]:
    """Say 5,000 times that the list of tools has changed."""
    for _ in range(5000):
        say({"method": "notifications/tools/list_changed"})
    return text("changed")


def odd_content(_: Any) -> dict[str, Any]:
    """Content that is none, beside some that is."""
    return {
        "content": [
            None,
            {"type": "resource", "resource": None},
            {"type": "image", "data": "!!!!", "mimeType": "image/png"},
            {"type": "resource_link", "uri": "javascript:alert(5)", "name": MARKUP},
            {"type": "text", "text": "what is good of it"},
        ]
    }


CALLS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "huge": lambda _: text("x" * 20_000_000),
    "blocks": lambda _: text(*(f"block {number}" for number in range(20_000))),
    "number": lambda given: {"content": [], "structuredContent": {**given, "more": 2**63 + 1}},
    "odd_content": odd_content,
    "ask_oddly": ask_oddly,
    "change_often": change_often,
    "twice": text,
    "and_itself": text,
    "nonsense": lambda given: text(json.dumps(given)),
}
SCHEMAS = {
    "twice": TWICE,
    "and_itself": AND_ITSELF,
    "nonsense": NONSENSE,
    "number": {"type": "object", "properties": {"n": {"type": "integer"}}},
}
TOOLS: list[dict[str, Any]] = [
    {"name": TURNED, "title": MARKUP, "description": MARKUP, "inputSchema": {}},
    {"name": LONG, "description": LONG, "inputSchema": {}},
    *({"name": name, "inputSchema": SCHEMAS.get(name, {})} for name in CALLS),
]
MANY = [
    {"name": f"tool_{number}", "description": "One of many", "inputSchema": {}}
    for number in range(100_000)
]


def listed() -> dict[str, Any]:
    """The list of tools, of one kind or another."""
    if "many" in sys.argv:
        return {"tools": MANY}
    if "endless" in sys.argv:
        return {"tools": [{"name": "again", "inputSchema": {}}], "nextCursor": "again"}
    return {"tools": TOOLS}


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of a request."""
    if method == "initialize":
        info = {"name": MARKUP, "version": LONG, "websiteUrl": "javascript:alert(3)"}
        tools = {"listChanged": True}
        capabilities = {"tools": tools}
        return {"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": info}
    if method == "tools/list":
        return listed()
    return CALLS[params["name"]](params.get("arguments") or {})


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    if message["method"] == "server/discover":
        say({"id": message["id"], "error": {"code": -32601, "message": "no"}})
    else:
        result = answer(message["method"], message.get("params") or {})
        say({"id": message["id"], "result": result})
