"""Area S: the inspector of a server that is being written."""

from __future__ import annotations

from pathlib import Path

from inspector.running import enter, inspecting

SERVER = "from fastmcp import FastMCP\n\nmcp = FastMCP('mine')\n"


def test_s284_dev_inspector(tmp_path: Path) -> None:
    """`fastmcp dev inspector server.py` prints the address of a page that shows the server."""
    (tmp_path / "server.py").write_text(SERVER)
    with inspecting("inspector", "server.py", cwd=tmp_path) as running:
        user = enter(running)
        shown = user.connected()
        user.close()

    assert running.link.startswith("http://127.0.0.1:")
    assert shown["server"]["name"] == "mine"


def test_s285_dev_file(tmp_path: Path) -> None:
    """`fastmcp dev server.py` means the same."""
    (tmp_path / "server.py").write_text(SERVER)
    with inspecting("server.py", cwd=tmp_path) as running:
        user = enter(running)
        shown = user.connected()
        user.close()

    assert shown["server"]["name"] == "mine"
