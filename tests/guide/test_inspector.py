"""The inspector: the commands of its page start it, and what the page names is there."""

import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from processes import SECONDS, environment, free_port, listening

from fastmcp.inspector import serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "inspector.md").read_text("utf-8")
LINES = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S)
    for line in block.splitlines()
]
SOURCES = "\n".join(
    path.read_text("utf-8") for path in Path(serving.__file__).with_name("page").rglob("*.js")
)
LIBRARY = """
from fastmcp import FastMCP

mcp = FastMCP("Library")
mcp.tool(lambda: 3, name="count")

if __name__ == "__main__":
    mcp.run()
"""


@contextmanager
def opened(line: str, folder: Path) -> Generator[str]:
    """The address that a command of the page prints."""
    _, *words = shlex.split(line)
    words = [sys.executable if word == "python" else word for word in words]
    words = [word.replace("python ", f"{sys.executable} ", 1) for word in words]
    port = str(free_port())
    command = [sys.executable, "-m", "fastmcp", *words, "--no-open", "--ui-port", port]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        late = threading.Timer(SECONDS, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            late.cancel()
            process.terminate()


@pytest.mark.parametrize("line", [line for line in LINES if "--official" not in line])
def test_a_line_of_the_page_opens_an_inspector(line: str, tmp_path: Path) -> None:
    """At an address with a token; without that nothing but the page is to be had."""
    (tmp_path / "library.py").write_text(LIBRARY, "utf-8")
    port = free_port()
    serve = [sys.executable, "-m", "fastmcp", "run", "library.py", "--transport", "http"]
    serve += ["--port", str(port)]

    with (
        listening(serve, tmp_path / "log", port, cwd=tmp_path, env=environment()),
        opened(line.replace("8000", str(port)), tmp_path) as link,
    ):
        address, _, token = link.partition("#token=")
        assert token
        assert "<title>Inspector</title>" in httpx2.get(address).text
        assert httpx2.get(f"{address}api/events").status_code in (401, 403)


def test_what_the_page_names_is_in_the_inspector() -> None:
    """Its places, buttons and tabs, by their words."""
    names = re.findall(r"\*\*(.+?)\*\*", PAGE)

    assert len(names) > 12
    assert [name for name in names if f"'{name}'" not in SOURCES] == []


def test_every_option_of_the_page_is_one_of_the_command() -> None:
    """As `--help` has them."""
    command = [sys.executable, "-m", "fastmcp", "dev", "inspector", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout

    assert [each for each in re.findall(r"`(--[\w-]+)`", PAGE) if each not in told] == []
