"""`fastmcp dev apps`: how it reaches the server, and what it refuses."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from inspector.running import inspecting
from processes import free_port, run_python

from fastmcp import Client

SHOP = Path(__file__).parent / "servers" / "shop.py"


async def test_the_server_can_be_served_for_others_too(tmp_path: Path) -> None:
    """At a port of its own, as long as the page is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    given = ("--mcp-port", str(port), "--host", "127.0.0.1", "--no-reload", "--no-log-panel")

    with inspecting("apps", f"{SHOP}:mcp", *given, cwd=tmp_path) as running:
        assert "&view=" in running.link
        async with Client(url) as client:
            assert (await client.call_tool("add", {"by": 1})).data == 5
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), 1):
        pass


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["shop.py"], 1, "shop.py"),
        ([str(SHOP), "--host", "127.0.0.1"], 2, "--host needs --mcp-port"),
        (["http://127.0.0.1:1/mcp", "--mcp-port", "8000"], 2, "a URL is of another"),
        ([str(SHOP), "--mcp-port", "{taken}"], 1, "choose another --mcp-port"),
        ([str(SHOP), "--dev-port", "{taken}"], 1, "{taken}"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], code: int, text: str, tmp_path: Path) -> None:
    """In a line, before anything is served."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = str(listener.getsockname()[1])
        filled = [each.format(taken=taken) for each in arguments]
        run = run_python("-m", "fastmcp", "dev", "apps", *filled, "--no-open", cwd=tmp_path)

    assert run.returncode == code, run.stderr
    [line] = run.stderr.splitlines()
    assert line.startswith("fastmcp: ") and text.format(taken=taken) in line
    assert run.stdout == ""
