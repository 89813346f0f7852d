"""Programs that speak MCP over standard input and output in a few lines, and start in no time."""

from __future__ import annotations

OLD = """
    import json, os, sys, time

    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        match message["method"]:
            case "initialize":
                version = message["params"]["protocolVersion"]
                answer["result"] = {
                    "protocolVersion": version,
                    "capabilities": {},
                    "serverInfo": {"name": "old", "version": "0"},
                }
            case "ping":
                answer["result"] = {}
            case _:
                ELSE
        print(json.dumps(answer), flush=True)
"""
REFUSE = 'answer["error"] = {"code": -32601, "message": "no such method"}'


def old(other: str = REFUSE) -> str:
    """A server of the handshake era, whose answer to anything else is what `other` does."""
    return OLD.replace("ELSE", other.replace("\n", "\n" + " " * 16))
