"""What could be a shell's, or an option, gets nowhere (CVE-2025-62801, CVE-2025-64340)."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastmcp.cli.install.refusing import refuse_batch, safe_name
from fastmcp.exceptions import ConfigurationError

from .computers import Computer, calls

BAD_NAMES = [
    "a&calc", "a|b", "a;b", "a>b", "$(x)", "`x`", "a\nb", "%PATH%", 'a"b', "a'b", "--scope", "-e",
    "", " ", "a/b", "a\\b", "a^b", "a!b", "x" * 101, "a\u202eb", "a ", ".hidden",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_is_refused_that_is_more_than_a_name(computer: Computer, name: str) -> None:
    """Before anything is written or called, wherever it would go."""
    notes = computer.has_program("claude")
    path = computer.write(".config/Claude/claude_desktop_config.json", "{}")

    for program in ("claude-code", "claude-desktop"):
        run = computer.install(program, "server.py", f"--name={name}")
        assert run.returncode == 1
        assert "cannot be a server's name" in run.stderr
        assert len(run.stderr.splitlines()) == 1

    assert calls(notes) == []
    assert path.read_text() == "{}"


@pytest.mark.parametrize(
    "package",
    [
        "--index-url=http://x",
        "a & calc",
        "a|b",
        "`x`",
        "a$b",
        "a\nb",
        "-e .",
        "",
        "./missing",
        "a b",
    ],
)
def test_a_package_is_refused_that_is_none(computer: Computer, package: str) -> None:
    """Requirements have few forms, and options are none of them."""
    run = computer.install("mcp-json", "server.py", f"--with={package}")

    assert (run.returncode, run.stdout) == (1, "")
    assert "is no requirement of a package" in run.stderr


@pytest.mark.parametrize(
    "package",
    [
        "pandas",
        "pandas>=2,<3",
        "uvicorn[standard] ~= 0.30",
        "a; python_version < '3.13'",
        "a @ https://example.com/a-1.0.tar.gz",
        "a @ git+https://example.com/a@main",
    ],
)
def test_a_requirement_is_passed_on_as_it_is(computer: Computer, package: str) -> None:
    """With all that PEP 508 has."""
    run = computer.install("mcp-json", "server.py", "--with", package)

    assert run.returncode == 0, run.stderr
    assert repr(package).strip("'\"") in run.stdout.replace('\\"', '"')


@pytest.mark.parametrize("version", ["--python", "3.12 & calc", "-3", "3.1\n2"])
def test_a_version_is_refused_that_is_none(computer: Computer, version: str) -> None:
    """uv would read it as it likes."""
    run = computer.install("mcp-json", "server.py", f"--python={version}")

    assert run.returncode == 1
    assert "is no version" in run.stderr


@pytest.mark.parametrize("folder", ["R&D", "a;b", "a$b", "a`b", "50%", "a'b", 'a"b', "a|b", "a>b"])
def test_a_path_with_a_shells_characters_is_kept_out_of_links_and_command_lines(
    computer: Computer, folder: str
) -> None:
    """Into files it may go: nothing there is a shell's."""
    notes = computer.has_program("claude")
    source = (computer.project / "server.py").read_text()
    server = computer.write(f"{folder}/server.py", source)

    for program in ("claude-code", "cursor", "goose"):
        run = computer.install(program, server)
        assert (run.returncode, run.stdout) == (1, ""), program
        assert "could be taken for a shell's" in run.stderr
    written = computer.install("cursor", server, "--workspace", ".")

    assert calls(notes) == []
    assert written.returncode == 0
    args = computer.entry(computer.project / ".cursor/mcp.json", "mcpServers", "Shop Co", "args")
    assert args[-1] == str(server)


@pytest.mark.parametrize("bad", ["a&calc", "%PATH%", "a|b", "a^b", '"', "a\nb", "a!b", "<x", "a\\"])
def test_cmd_exe_is_given_nothing_that_it_would_read(bad: str) -> None:
    """A .cmd file is run by it however it is called; the text does not tell the argument."""
    with pytest.raises(ConfigurationError) as caught:
        refuse_batch(["C:\\npm\\claude.CMD", "mcp", "add", "-e", f"KEY=x{bad}"])

    assert "argument 4" in str(caught.value)
    assert bad not in str(caught.value).removeprefix("C:\\npm\\claude.CMD")


def test_other_programs_get_every_argument() -> None:
    """Only cmd.exe reads command lines again."""
    refuse_batch(["/usr/bin/claude", "a&b"])
    refuse_batch(["C:\\npm\\claude.cmd", "mcp", "add", "a b", "-e", "A=1", "--", "C:\\uv.exe"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Demo 🚀", "Demo"),
        ("Shop & Co", "Shop Co"),
        ("--scope", "scope"),
        ("$(rm)", "rm"),
        ("", ""),
        ("Größe 1.0", "Größe 1.0"),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_servers_own_name_is_made_safe(name: str, safe: str) -> None:
    """It is not what somebody asked for, so that it may differ."""
    assert safe_name(name) == safe


def test_a_path_that_cannot_be_printed_is_refused(computer: Computer) -> None:
    """No configuration can hold it."""
    server = Path(computer.project, "line\nbreak.py")
    server.write_text((computer.project / "server.py").read_text())

    run = computer.install("mcp-json", server.name)

    assert run.returncode == 1
    assert "characters that no configuration can hold" in run.stderr
