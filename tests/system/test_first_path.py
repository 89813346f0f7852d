"""The way of a newcomer: four commands lead to a server that a desktop program starts."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from processes import environment

from fastmcp import Client

ROOT = Path(__file__).parents[2]
SECONDS = 240


def server_of_readme() -> str:
    """The first program of the README."""
    [program] = re.findall(
        r"```python\n(# greeter\.py\n.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    return program


@pytest.mark.timeout(2 * SECONDS)
async def test_four_commands_lead_to_a_server_that_claude_desktop_starts(tmp_path: Path) -> None:
    """In an environment of its own; none of them fails, and nothing warns."""
    home = tmp_path / "home"
    (home / ".config" / "Claude").mkdir(parents=True)
    (tmp_path / "greeter.py").write_text(server_of_readme(), "utf-8")
    bin = tmp_path / ".venv" / "bin"
    variables = {"PATH": f"{bin}:{environment()['PATH']}", "HOME": str(home)}
    variables["UV_CACHE_DIR"] = str(tmp_path / "cache")

    def command(*words: str) -> str:
        run = subprocess.run(
            words,
            cwd=tmp_path,
            env=environment(variables) | {"VIRTUAL_ENV": str(tmp_path / ".venv")},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert "warning" not in (run.stdout + run.stderr).lower(), run.stdout + run.stderr
        return run.stdout

    command("uv", "venv", "--python", "3.11")
    command("uv", "pip", "install", str(ROOT))
    assert command("fastmcp", "call", "greeter.py", "add", "a=1", "b=2") == "3\n"
    command("fastmcp", "install", "claude-desktop", "greeter.py")

    written = json.loads((home / ".config/Claude/claude_desktop_config.json").read_text("utf-8"))
    [entry] = written["mcpServers"].values()
    entry["env"] = environment(variables)
    async with Client({"mcpServers": {"greeter": entry}}, init_timeout=SECONDS) as client:
        assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
