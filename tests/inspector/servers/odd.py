"""A server over stdio that says what no server should."""

from __future__ import annotations

import json
import sys
from typing import Any

ITSELF: dict[str, Any] = {
    "type": "object",
    "properties": {"next": {"$ref": "#"}, "all": {"type": "array", "items": {"$ref": "#"}}},
}
SCHEMAS: dict[str, Any] = {
    "itself": ITSELF,
    "forever": {**ITSELF, "required": ["next"]},
    "nothing": {},
    "null_properties": {"type": "object", "properties": None},
    "odd_types": {
        "type": "object",
        "properties": {
            "a": True,
            "b": {"type": ["string", "integer", "null"]},
            "c": {"$ref": "#/$defs/missing"},
            "d": {"enum": []},
            "e": {"type": "string", "pattern": "(?<x>"},
            "f": {"oneOf": [{"const": "one", "title": "One"}, {"const": "two"}]},
            "g": {"allOf": [{"type": "integer"}, {"minimum": 3}]},
            "__proto__": {"type": "string"},
            "h": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
        },
    },
}
RESULTS: dict[str, Any] = {
    "nothing": {"content": "text"},
    "itself": {
        "content": [{"type": "new"}, {"type": "image", "data": "x", "mimeType": "text/html"}]
    },
    "null_properties": {},
}
TOOLS = [{"name": name, "inputSchema": schema} for name, schema in SCHEMAS.items()]


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of a request."""
    if method == "initialize":
        info = {"name": "<b>odd</b>", "version": ""}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    return RESULTS[params["name"]]


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and message["method"] != "server/discover":
        result = answer(message["method"], message.get("params", {}))
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
    elif "id" in message:
        error = {"code": -32601, "message": "no"}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
        print("This is no message", flush=True)
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message"}), flush=True)
