"""`fastmcp install` into files, as a process, on computers with homes of their own."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.cli.install.documents.yaml_splice import read_yaml
from fastmcp.mcp_config import MCPConfig

from .computers import Computer, calls, without_uv

DESKTOP = ".config/Claude/claude_desktop_config.json"
VSCODE = ".config/Code/User/mcp.json"
SECRET = "hunter2&calc"


def test_claude_desktop_starts_the_server_by_uv(computer: Computer) -> None:
    """By absolute paths, with this very package; all else stays, and what was there is kept."""
    old = '{"theme": "dark", "mcpServers": {"other": {"command": "x"}}}'
    path = computer.write(DESKTOP, old)

    run = computer.install("claude-desktop", "server.py", "--with", "pandas>=2", "--env", "A=b=c")

    data = json.loads(path.read_text())
    entry = data["mcpServers"].pop("Shop Co")
    assert data == {"theme": "dark", "mcpServers": {"other": {"command": "x"}}}
    assert entry["command"] == str(computer.programs / "uv")
    assert entry["args"][:2] == ["run", "--no-project"]
    assert entry["args"][-3:] == ["fastmcp", "run", str(computer.project / "server.py")]
    assert "pandas>=2" in entry["args"]
    assert "fastmcp" not in entry["args"][2:-3]
    assert entry["env"] == {"A": "b=c"}
    assert path.with_name(path.name + ".bak").read_text() == old
    assert (run.returncode, run.stdout) == (0, "")
    assert "'Shop Co' was installed in" in run.stderr
    assert "claude_desktop_config.json.bak" in run.stderr


async def test_what_is_entered_starts_the_server(computer: Computer) -> None:
    """From any folder, and what the server's file prints is not in the way."""
    path = computer.write(DESKTOP, "{}")
    run = computer.install("claude-desktop", "server.py", "--skip-env")

    async with Client(MCPConfig.from_file(path)) as client:
        result = await client.call_tool("add", {"a": 1})

    assert run.returncode == 0
    assert result.data == 3


async def test_what_is_entered_starts_nothing_of_the_folder(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs start servers in the folder that they work in, whoever wrote what is there."""
    path = computer.write(DESKTOP, "{}")
    computer.install("claude-desktop", "server.py", "--skip-env")
    theirs = computer.write("theirs/fastmcp/__main__.py", "raise SystemExit('theirs')").parents[1]
    monkeypatch.chdir(theirs)

    async with Client(MCPConfig.from_file(path)) as client:
        result = await client.call_tool("add", {"a": 1})

    assert result.data == 3


def test_a_server_is_asked_its_name_with_its_variables(computer: Computer) -> None:
    """What it does with them, and with the working folder, is of no effect on the rest."""
    source = "import os\nfrom fastmcp import FastMCP\nmcp = FastMCP(os.environ['API_KEY'])\n"
    computer.write("project/keyed.py", source)
    (computer.project / "data").mkdir()
    document = '{"source": {"path": "keyed.py"}, "deployment": {"cwd": "data"}}'
    computer.write("project/moves.json", document)
    calls_of_claude = computer.has_program("claude", "open('here', 'w')")

    plain = computer.install("mcp-json", "keyed.py", "--env", "API_KEY=mine")
    moved = computer.install("claude-code", "moves.json", "--env", "API_KEY=mine")

    assert list(json.loads(plain.stdout)) == ["mine"]
    assert moved.returncode == 0, moved.stderr
    assert len(calls(calls_of_claude)) == 1
    assert (computer.project / "here").exists()


def test_a_second_time_nothing_is_changed(computer: Computer) -> None:
    """It says so, and variables that were given before stay."""
    path = computer.write(DESKTOP, "")
    computer.install("claude-desktop", "server.py", "--env", "A=1")
    before = path.read_bytes(), path.stat().st_mtime_ns

    run = computer.install("claude-desktop", "server.py")

    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert run.returncode == 0
    assert "nothing was changed" in run.stderr

    changed = computer.install("claude-desktop", "server.py", "--env", "B=2")

    assert "was changed" in changed.stderr
    assert computer.entry(path, "mcpServers", "Shop Co", "env") == {"A": "1", "B": "2"}


def test_a_broken_file_is_refused_and_left_alone(computer: Computer) -> None:
    """With the place of the fault; in Claude Desktop's a comment is one."""
    path = computer.write(DESKTOP, '{\n  "a": 1\n  "b": 2\n}')
    comment = computer.write("commented.json", "{} // mine")
    binary = computer.home / "binary.json"
    binary.write_bytes(b'{"a": "\xff"}')

    broken = computer.install("claude-desktop", "server.py")
    commented = computer.install("claude-desktop", "server.py", "--config-path", comment)
    undecodable = computer.install("cursor", "server.py", "--config-path", binary)

    assert [run.returncode for run in (broken, commented, undecodable)] == [1, 1, 1]
    assert f"{path}, line 3, column 3: a comma or }} is missing" in broken.stderr
    assert "line 1, column 4: a comment" in commented.stderr
    assert "is not UTF-8 (byte 7)" in undecodable.stderr
    assert path.read_text() == '{\n  "a": 1\n  "b": 2\n}'
    assert not list(path.parent.glob("*.bak"))


def test_the_editors_files_keep_comments(computer: Computer) -> None:
    """VS Code and Cursor have JSON with comments; a byte order mark stays, too."""
    user = computer.write(VSCODE, '\ufeff{\n\t// mine\n\t"servers": {},\n}\n')
    workspace = computer.write("project/.cursor/mcp.json", '{"mcpServers": {}} // mine')

    vscode = computer.install("vscode", "server.py")
    cursor = computer.install("cursor", "server.py", "--workspace", ".")

    assert (vscode.returncode, cursor.returncode) == (0, 0), vscode.stderr + cursor.stderr
    assert user.read_text().startswith('\ufeff{\n\t// mine\n\t"servers": {\n\t\t"Shop Co": {')
    assert '"type": "stdio"' in user.read_text()
    assert user.read_text().endswith("},\n}\n")
    assert workspace.read_text().endswith("// mine")


def test_a_server_of_another_kind_is_replaced_as_a_whole(computer: Computer) -> None:
    """A URL beside a command would make neither."""
    path = computer.write(DESKTOP, '{"mcpServers": {"shop": {"url": "http://x", "headers": {}}}}')

    computer.install("claude-desktop", "server.py", "--name", "shop")

    assert set(computer.entry(path, "mcpServers", "shop")) == {"command", "args"}


def test_goose_has_extensions_in_yaml(computer: Computer) -> None:
    """With comments, and under the name that Goose makes of one."""
    text = (
        "# mine\nGOOSE_MODEL: x\nextensions:\n  developer:\n    enabled: true\n    type: builtin\n"
    )
    path = computer.write(".config/goose/config.yaml", text)

    run = computer.install("goose", "server.py", "--config-path", path.parent, "--env", "A=1")

    assert run.returncode == 0, run.stderr
    assert path.read_text().startswith(text)
    entry = read_yaml(path.read_text())["extensions"]["shopco"]
    assert entry["cmd"] == str(computer.programs / "uv")
    assert (entry["type"], entry["enabled"], entry["name"]) == ("stdio", True, "Shop Co")
    assert entry["envs"] == {"A": "1"}
    again = computer.install("goose", "server.py", "--config-path", path.parent)
    assert "nothing was changed" in again.stderr


def test_without_pyyaml_the_cure_is_named(computer: Computer) -> None:
    """Nothing is written."""
    computer.write("project/yaml.py", "raise ImportError('kept out')")
    computer.variables["PYTHONPATH"] = str(computer.project)

    run = computer.install("goose", "server.py", "--config-path", ".")

    assert run.returncode == 1
    assert "pip install pyyaml" in run.stderr
    assert not (computer.project / "config.yaml").exists()


def test_a_program_that_is_not_here_is_not_given_a_file(computer: Computer) -> None:
    """Unless a file is named."""
    run = computer.install("claude-desktop", "server.py")
    named = computer.install("claude-desktop", "server.py", "--config-path", ".")

    assert run.returncode == 1
    assert "Claude Desktop was not found" in run.stderr
    assert "--config-path" in run.stderr
    assert named.returncode == 0
    assert (computer.project / "claude_desktop_config.json").is_file()


def test_mcp_json_and_stdio_are_printed(computer: Computer) -> None:
    """Data on standard output; the command line is quoted for a shell."""
    computer.write("project/my server's.py", (computer.project / "server.py").read_text())

    entry = computer.install("mcp-json", "my server's.py", "--env", f"KEY={SECRET}")
    line = computer.install("stdio", "my server's.py")

    assert json.loads(entry.stdout)["Shop Co"]["env"] == {"KEY": SECRET}
    words = shlex.split(line.stdout)
    assert words[-3:] == ["fastmcp", "run", str(computer.project / "my server's.py")]
    assert json.loads(entry.stdout)["Shop Co"]["args"] == words[1:]


def test_the_clipboard_is_filled_by_a_program(computer: Computer) -> None:
    """--copy prints nothing; without such a program it says what to install."""
    none = computer.install("stdio", "server.py", "--copy")
    computer.has_program(
        "xclip", f"open({str(computer.root / 'clip')!r}, 'w').write(sys.stdin.read())"
    )
    copied = computer.install("stdio", "server.py", "--copy")

    assert none.returncode == 1
    assert "xclip" in none.stderr
    assert (copied.returncode, copied.stdout) == (0, "")
    assert (computer.root / "clip").read_text().endswith(str(computer.project / "server.py"))


def test_without_uv_this_interpreter_starts_the_server(computer: Computer) -> None:
    """What only uv can do is refused with the cure; --skip-env wants this interpreter, too."""
    skipped = computer.install("mcp-json", "server.py", "--skip-env", "--with", "pandas")
    without_uv(computer)
    plain = computer.install("mcp-json", "server.py")
    packages = computer.install("mcp-json", "server.py", "--with", "pandas")

    server = str(computer.project / "server.py")
    for run in (skipped, plain):
        entry = json.loads(run.stdout)["Shop Co"]
        assert (entry["command"], entry["args"]) == (
            sys.executable,
            ["-P", "-m", "fastmcp", "run", server],
        )
    assert packages.returncode == 1
    assert "uv" in packages.stderr


def test_a_project_configuration_is_started_as_it_says(computer: Computer) -> None:
    """Its environment is uv's, its deployment that of `fastmcp run`; what is spoken is stdio."""
    document: dict[str, Any] = {
        "source": {"path": "server.py", "entrypoint": "mcp"},
        "environment": {"dependencies": ["httpx"], "python": "3.12"},
        "deployment": {"transport": "http", "port": 9000},
    }
    path = computer.write("project/fastmcp.json", json.dumps(document))

    run = computer.install("mcp-json")

    args = json.loads(run.stdout)["Shop Co"]["args"]
    assert args[-6:] == ["fastmcp", "run", str(path), "--skip-env", "--transport", "stdio"]
    assert "httpx" in args
    assert args[args.index("--python") + 1] == "3.12"


def test_the_name_is_the_servers_own_or_that_of_its_file(computer: Computer) -> None:
    """Where the server has none, or a package that it needs is missing here."""
    computer.write("project/plain.py", "from fastmcp import FastMCP\nmcp = FastMCP()\n")
    computer.write("project/needy.py", "import no_such_package\n")
    computer.write("project/broken.py", "1 / 0\n")

    plain, needy, broken = (
        computer.install("mcp-json", name) for name in ("plain.py", "needy.py", "broken.py")
    )

    assert list(json.loads(plain.stdout)) == ["plain"]
    assert list(json.loads(needy.stdout)) == ["needy"]
    assert "no_such_package" in needy.stderr
    assert broken.returncode == 1
    assert "ZeroDivisionError" in broken.stderr
    assert "fastmcp/cli" not in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["server.py", "--env", SECRET], "--env takes NAME=VALUE"),
        (["server.py", "--env", f"A-B={SECRET}"], "--env takes NAME=VALUE"),
        (["server.py", "--env-file", "missing.env"], "missing.env cannot be read"),
        (["missing.py"], "There is no file missing.py"),
        (["http://localhost/mcp"], "give programs the URL itself"),
        (["server.py", "--with-editable", "missing"], "missing"),
        (["server.py", "--project", "missing"], "There is no project"),
        (["server.py", "--env", f"A={SECRET}\udcff"], "the value of A is no UTF-8"),
        (["leaving.py"], "leaving.py ended (exit code 0) when it was loaded"),
    ],
)
def test_what_makes_no_sense_is_refused_without_a_value(
    computer: Computer, arguments: list[str], text: str
) -> None:
    """Exit code 1, one line, and never what could be a secret."""
    computer.write("project/leaving.py", "raise SystemExit(0)")

    run = computer.install("mcp-json", *arguments)

    assert (run.returncode, run.stdout) == (1, "")
    assert text in run.stderr
    assert SECRET not in run.stderr
    assert "Traceback" not in run.stderr


def test_variables_come_from_a_file_and_from_the_line(computer: Computer) -> None:
    """The line wins."""
    computer.write("project/.env", "# mine\nA=1\nexport B='two words'\n")

    run = computer.install("mcp-json", "server.py", "--env-file", ".env", "--env", "A=3")

    assert json.loads(run.stdout)["Shop Co"]["env"] == {"A": "3", "B": "two words"}


def test_one_place_is_enough(computer: Computer) -> None:
    """Two of them are a command line that makes no sense."""
    run = computer.install("cursor", "server.py", "--workspace", ".", "--config-path", "x.json")
    folder = computer.install("cursor", "server.py", "--workspace", "missing")

    assert run.returncode == 2
    assert "--config-path and --workspace" in run.stderr
    assert folder.returncode == 1
    assert "There is no folder" in folder.stderr


def test_the_files_end_up_where_the_system_has_them(computer: Computer) -> None:
    """XDG_CONFIG_HOME moves them on Linux."""
    elsewhere = computer.root / "elsewhere"
    (elsewhere / "Claude").mkdir(parents=True)
    computer.variables["XDG_CONFIG_HOME"] = str(elsewhere)

    run = computer.install("claude-desktop", "server.py")

    assert run.returncode == 0, run.stderr
    assert Path(elsewhere, "Claude", "claude_desktop_config.json").is_file()
