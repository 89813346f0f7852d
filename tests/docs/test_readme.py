"""What the README says is so."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def run(*command: str, cwd: Path) -> str:
    """What a command prints; its error output when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_server_and_the_client_of_the_readme_work_together(tmp_path: Path) -> None:
    """Saved under the names that it gives them, the client prints what its comment says."""
    server, client = blocks("python")
    (tmp_path / "greeter.py").write_text(server)
    (tmp_path / "client.py").write_text(client)

    printed = run(sys.executable, "client.py", cwd=tmp_path)

    assert printed == "5\n"
    assert "# 5" in client


def test_the_example_in_the_repository_is_the_one_of_the_readme() -> None:
    """Both show the same components."""
    server = blocks("python")[0].partition("from fastmcp")[2]

    assert (ROOT / "examples" / "greeter.py").read_text().partition("from fastmcp")[2] == server


def test_the_shell_command_that_calls_a_tool_prints_its_answer(tmp_path: Path) -> None:
    """`fastmcp call` is run as the README has it."""
    (tmp_path / "greeter.py").write_text(blocks("python")[0])
    [line] = [line for block in blocks("sh") for line in block.splitlines() if " call " in line]
    program, *arguments = shlex.split(line)
    assert program == "fastmcp"

    assert run(sys.executable, "-m", "fastmcp", *arguments, cwd=tmp_path) == "5\n"


def test_the_demo_prints_an_answer_of_a_server_process() -> None:
    """The main job, as the first command of the README runs it."""
    printed = run(sys.executable, str(ROOT / "examples" / "demo.py"), cwd=ROOT)

    assert "add(2, 3) = 5" in printed
    assert "Hello, world!" in printed
