"""A server of somebody else's: it has tools alone, with odd schemas, and echoes their arguments."""

import json
import sys

SCHEMAS = {
    "text": {"type": "string"},
    "perhaps_text": {"type": ["string", "null"]},
    "reference": {"$ref": "#/$defs/code"},
    "choice": {"enum": ["1", "2"]},
    "constant": {"const": "1"},
    "all_of": {"allOf": [{"$ref": "#/$defs/code"}], "description": "as pydantic 1 wrote it"},
    "several": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "switch": {"type": "boolean"},
    "number": {"type": "integer"},
    "loop": {"anyOf": [{"$ref": "#/properties/value"}, {"$ref": "#/properties/value"}]},
    "true": True,
    "of_no_type": {"type": {"a": 1}, "anyOf": 7, "enum": 3, "allOf": None},
}
TOOLS = [
    {
        "name": name,
        "inputSchema": {
            "type": "object",
            "properties": {"value": schema},
            "required": ["value"],
            "$defs": {"code": {"type": "string"}},
        },
    }
    for name, schema in SCHEMAS.items()
] + [
    {"name": "no_schema", "inputSchema": {}},
    {"name": "odd_members", "inputSchema": {"properties": [1, 2], "required": 5}},
    {"name": "broken_image", "inputSchema": {}},
    {"name": "größe", "inputSchema": {"properties": {"名前": {"type": "string"}}}},
]
BROKEN = [
    {"type": "text", "text": "a caption"},
    {"type": "image", "mimeType": "image/png", "data": "a"},
]


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "odd", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call" and params["name"] in {tool["name"] for tool in TOOLS}:
        echo = [{"type": "text", "text": json.dumps(params["arguments"])}]
        return {"content": BROKEN if params["name"] == "broken_image" else echo}
    return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = answer(message["method"], message.get("params"))
        error = {"code": -32601, "message": "Method not found"}
        outcome = {"error": error} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)
