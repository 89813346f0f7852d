"""Area S of SYSTEM.md, what is installed on a computer: row S290."""

from __future__ import annotations

import json
from pathlib import Path

from processes import run_python


def test_s290_discover_without_file(tmp_path: Path) -> None:
    """The servers that editors are configured with, here Claude Desktop and Cursor."""
    project = tmp_path / "project"
    for path, name in (
        (tmp_path / ".config/Claude/claude_desktop_config.json", "weather"),
        (project / ".cursor/mcp.json", "notes"),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"mcpServers": {name: {"command": "npx", "args": [name]}}}))
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}

    table = run_python("-m", "fastmcp", "discover", cwd=project, env=home)
    data = run_python("-m", "fastmcp", "discover", "--json", cwd=project, env=home)

    assert (table.returncode, table.stderr) == (0, "")
    assert [line.split()[:2] for line in table.stdout.splitlines()[1:]] == [
        ["weather", "claude-desktop"],
        ["notes", "cursor"],
    ]
    assert [each["name"] for each in json.loads(data.stdout)] == ["weather", "notes"]
