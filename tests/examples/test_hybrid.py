"""The example examples/hybrid.py, started as it says."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from indexing import EXAMPLES, ROOT
from processes import SECONDS, environment, free_port, listening

SOURCE = (EXAMPLES / "hybrid.py").read_text("utf-8")
INSTALL, START = [
    shlex.split(line) for line in SOURCE.split('"""')[1].splitlines() if line.startswith("    ")
]
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application, by its command."""
    port = free_port()
    log = tmp_path_factory.mktemp("hybrid") / "log"
    key, *command = START
    env = environment({"PATH": PATH, **dict([key.split("=", 1)])})
    with listening([*command, "--port", str(port)], log, port, cwd=ROOT, env=env):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer secret", 200),
        ("bearer secret", 200),
        ("BEARER  secret", 200),
        ("Bearer Secret", 401),
        ("Bearer secret2", 401),
        ("Bearer secr\xe9t", 401),
        ("Bearer", 401),
        ("Basic secret", 401),
        ("secret", 401),
        (None, 401),
    ],
)
def test_the_key_opens_it_whatever_the_case_of_its_scheme(
    url: str, authorization: str | None, status: int
) -> None:
    """RFC 9110, 11.1; and nothing else opens it."""
    headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}

    answer = httpx2.get(f"{url}/films/Tea", headers=headers, timeout=SECONDS)

    assert answer.status_code == status


def test_without_a_key_it_does_not_start() -> None:
    """Instead of with one that everybody can read in its source."""
    env = {name: value for name, value in environment().items() if name != "API_KEY"}
    command = [sys.executable, "-c", "import hybrid"]

    done = subprocess.run(command, cwd=EXAMPLES, env=env, capture_output=True, text=True)

    assert done.returncode == 1
    assert "KeyError: 'API_KEY'" in done.stderr


def test_what_it_installs_is_all_that_it_imports() -> None:
    """This package, from the repository, and FastAPI; uvicorn comes with the first."""
    assert INSTALL == ["pip", "install", ".", "fastapi"]
