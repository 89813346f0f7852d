"""What the named stdio transports run, of whichever FastMCP this interpreter has, as JSON.

`python launchers.py FOLDER`, where the folder has a `server.py` and a `server.js`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from fastmcp.client.transports import (
    FastMCPStdioTransport,
    NodeStdioTransport,
    NpxStdioTransport,
    PythonStdioTransport,
    StdioTransport,
    UvStdioTransport,
    UvxStdioTransport,
)


def transports(folder: Path) -> list[Any]:
    """One of each kind, with each of its options."""
    python, node = folder / "server.py", folder / "server.js"
    own = {"EXTRA": "1"}
    return [
        StdioTransport("docker", ["run", "-i", "image"], own, str(folder)),
        PythonStdioTransport(python, python_cmd="python3"),
        PythonStdioTransport(str(python), ["--port", "1"], own, str(folder), "python3.11", True),
        NodeStdioTransport(node),
        NodeStdioTransport(str(node), ["a"], None, str(folder), "node22", False),
        FastMCPStdioTransport(python),
        UvStdioTransport("server.py"),
        UvStdioTransport("package.server", ["a", "b"], True),
        UvStdioTransport("server.py", project_directory=folder),
        UvStdioTransport(
            "server.py",
            ["a"],
            False,
            folder,
            "3.12",
            ["one", "two==2"],
            folder / "requirements.txt",
            own,
        ),
        UvxStdioTransport("tool"),
        UvxStdioTransport("tool", ["a"], str(folder), "3.12", ["one", "two"], "package", own),
        NpxStdioTransport("@scope/package"),
        NpxStdioTransport("package", ["a", "-b"], str(folder), own, use_package_lock=False),
    ]


def described(transport: Any) -> dict[str, Any]:
    """What is run, where, and with which variables beside ours."""
    env: dict[str, str] = dict(transport.env or {})
    env.pop("PYTHONUTF8", None)
    return {
        "kind": type(transport).__name__,
        "command": transport.command,
        "args": transport.args,
        "cwd": None if transport.cwd is None else str(transport.cwd),
        "own": {name: value for name, value in env.items() if name not in os.environ},
        "inherits": "HOME" in env,
    }


if __name__ == "__main__":
    print(json.dumps([described(each) for each in transports(Path(sys.argv[1]))]))
