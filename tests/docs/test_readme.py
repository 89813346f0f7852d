"""What the README says is so."""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from processes import environment, free_port, listening

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; its error output when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=50)
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


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The PATH of an environment that is made as the README says, beside the project's own."""
    first, second = (shlex.split(line, comments=True) for line in blocks("sh")[1].splitlines())
    assert (first, second) == (["uv", "sync"], ["source", ".venv/bin/activate"])
    place = tmp_path_factory.mktemp("installed") / ".venv"
    uv = runpy.run_path(str(ROOT / "dev.py"))["uv"]()
    settings = {"UV_PROJECT_ENVIRONMENT": str(place), "UV_LOCKED": "1"}
    run(*uv, *first[1:], cwd=ROOT, env=environment(settings))
    return os.pathsep.join((str(place / "bin"), os.environ["PATH"]))


def test_the_commands_of_the_readme_serve_list_and_call(commands: str, tmp_path: Path) -> None:
    """As they stand there, after those that install."""
    (tmp_path / "greeter.py").write_text(blocks("python")[0])
    port = free_port()
    lines = [line.replace("8000", str(port)) for line in blocks("sh")[2].splitlines()]
    serve, *ask = [shlex.split(line, comments=True) for line in lines]
    env = environment({"PATH": commands})
    fastmcp = shutil.which(serve[0], path=commands)
    assert fastmcp is not None and fastmcp.startswith(commands.partition(os.pathsep)[0])

    with listening([fastmcp, *serve[1:]], tmp_path / "log", port, cwd=tmp_path, env=env):
        listed, called = [run(fastmcp, *words[1:], cwd=tmp_path, env=env) for words in ask]

    assert {words[0] for words in ask} == {"fastmcp"}
    assert "add(a: integer, b: integer)  Add two numbers." in listed
    assert called == "5\n"


def test_the_demo_prints_an_answer_of_a_server_process() -> None:
    """The main job, as the first command of the README runs it."""
    printed = run(sys.executable, str(ROOT / "examples" / "demo.py"), cwd=ROOT)

    assert "add(2, 3) = 5" in printed
    assert "Hello, world!" in printed
