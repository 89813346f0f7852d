"""A file of another program is replaced in one step, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from processes import SECONDS, environment, run_python

from fastmcp.cli.install.documents import files
from fastmcp.cli.install.documents.files import read_file, replace_file
from fastmcp.exceptions import ConfigurationError

from .computers import Computer

# Runs the command in a child once for each line of `files` that it comes to, and kills it there.
KILLING = """
    import contextlib, json, os, signal, sys
    from pathlib import Path
    from fastmcp.cli import main
    from fastmcp.cli.install import configurations
    from fastmcp.cli.install.documents import files

    with contextlib.redirect_stdout(sys.stderr):  # all is imported once
        main(["install", "stdio", "server.py", "--name", "shop"])

    path, command = Path(sys.argv[1]), sys.argv[2:]
    old = path.read_bytes()
    seen, steps, code = set(), 0, None

    def killing(left):
        def trace(frame, event, argument):
            nonlocal left
            if frame.f_code.co_filename != files.__file__:
                return None
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        return trace

    while code != 0:
        steps += 1
        child = os.fork()
        if child == 0:
            sys.settrace(killing(steps))
            os._exit(main(command))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL), code
        seen.add(path.read_text())
        backup = path.with_name(path.name + ".bak")
        assert not backup.exists() or backup.read_bytes() == old
        if code != 0 and path.read_bytes() != old:
            path.write_bytes(old)
    left = sorted(os.listdir(path.parent))
    print(json.dumps({"seen": sorted(seen), "steps": steps, "files": left}))
"""
OLD = '{"mcpServers": {"other": {"command": "x"}}, "theme": "dark"}\n'


def test_a_process_that_is_killed_leaves_the_old_file_or_the_new_one(
    computer: Computer, tmp_path: Path
) -> None:
    """At every line of what writes; what killed processes wrote is removed by the next one."""
    path = computer.write(".config/Claude/claude_desktop_config.json", OLD)
    driver = tmp_path / "killing.py"
    driver.write_text(textwrap.dedent(KILLING))

    run = run_python(
        *map(str, (driver, path, "install", "claude-desktop", "server.py", "--name", "shop")),
        cwd=computer.project,
        env=computer.environment(),
    )

    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["steps"] > 40
    assert sorted(told["seen"]) == sorted([OLD, path.read_text()])
    assert list(json.loads(path.read_text())["mcpServers"]) == ["other", "shop"]
    assert told["files"] == [path.name, path.name + ".bak"]


def test_servers_that_are_installed_at_once_are_all_there(computer: Computer) -> None:
    """Who is late says so; nobody's server is lost of whom it was said that it was installed."""
    path = computer.write(".config/Claude/claude_desktop_config.json", OLD)
    command = [sys.executable, "-m", "fastmcp", "install", "claude-desktop", "server.py", "--name"]
    started = [
        subprocess.Popen(
            [*command, f"shop{number}"],
            cwd=computer.project,
            env=environment(computer.environment()),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for number in range(6)
    ]

    ended = [process.communicate(timeout=SECONDS)[1] for process in started]

    done = {f"shop{n}" for n, each in enumerate(started) if each.returncode == 0}
    assert set(json.loads(path.read_text())["mcpServers"]) == {"other", *done}
    assert done
    for process, errors in zip(started, ended, strict=True):
        assert process.returncode == 0 or "try again" in errors
    assert not list(path.parent.glob(".*"))


def test_a_file_keeps_its_mode_and_a_link_what_it_leads_to(tmp_path: Path) -> None:
    """The backup has the mode, too: it holds the same secrets."""
    real = tmp_path / "dotfiles" / "real.json"
    real.parent.mkdir()
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)

    kept = replace_file(link, b"old", b"new")

    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640
    assert kept == real.with_name("real.json.bak")
    assert kept.read_text() == "old"
    assert kept.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Configurations hold secrets; folders are made."""
    path = tmp_path / "a" / "b.json"

    assert read_file(path) is None
    assert replace_file(path, None, b"new") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_backup_is_what_was_there_before_the_latest_change(tmp_path: Path) -> None:
    """What somebody wants back who has just installed something."""
    path = tmp_path / "a.json"
    path.write_text("1")

    replace_file(path, b"1", b"2")
    replace_file(path, b"2", b"3")

    assert (tmp_path / "a.json.bak").read_text() == "2"


def test_a_file_that_another_program_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """Its change is not lost."""
    path = tmp_path / "a.json"
    path.write_text("theirs")

    with pytest.raises(ConfigurationError, match="was changed by another program"):
        replace_file(path, b"what we read", b"ours")

    assert path.read_text() == "theirs"
    assert not list(tmp_path.glob(".*"))


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the way, a disk that is full, and a file that nobody may write."""
    path = tmp_path / "a.json"
    path.write_text("old")

    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigurationError, match="is no regular file"):
            read_file(other)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_file(path / "b.json")
    with pytest.raises(ConfigurationError, match="cannot be written: File exists"):
        replace_file(path / "b.json", None, b"new")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        replace_file(path, b"old", b"new")
    monkeypatch.undo()
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with pytest.raises(ConfigurationError, match="is read-only"):
        replace_file(path, b"old", b"new")

    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*"))
