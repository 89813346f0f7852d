"""Servers that others wrote, and one of ours, in the page: over each transport, in each era."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from chromium import Chromium
from peers.conftest import node_packages as node_packages
from peers.conftest import sdk1_python as sdk1_python
from peers.conftest import server_commands as server_commands
from peers.processes import serving
from processes import SECONDS, environment, free_port

from .browsing import Person, person
from .running import inspecting

MODERN, HANDSHAKE = "2026-07-28", "2025-11-25"
# What `fastmcp` is here, for a shell that may not have it.
FASTMCP = f'fastmcp() {{ "{sys.executable}" -m fastmcp "$@"; }}\n'


class Link(NamedTuple):
    """One way to one server."""

    server: str
    transport: str
    revision: str


LINKS = [
    Link("ours", "stdio", MODERN),
    Link("ours", "http", MODERN),
    Link("ours", "http", HANDSHAKE),
    Link("ours", "sse", HANDSHAKE),
    Link("fastmcp-4", "stdio", MODERN),
    Link("fastmcp-4", "stdio", HANDSHAKE),
    Link("fastmcp-4", "http", MODERN),
    Link("fastmcp-4", "http", HANDSHAKE),
    Link("typescript-sdk-1", "stdio", HANDSHAKE),
    Link("typescript-sdk-1", "http", HANDSHAKE),
    Link("typescript-sdk-1", "sse", HANDSHAKE),
    Link("typescript-sdk-2", "stdio", MODERN),
    Link("typescript-sdk-2", "http", MODERN),
    Link("typescript-sdk-2", "http", HANDSHAKE),
]


@pytest.fixture(params=LINKS, ids=" ".join, scope="module")
def link(request: pytest.FixtureRequest) -> Link:
    """Each of the links."""
    return request.param


@pytest.fixture(scope="module")
def ada(
    link: Link,
    browser: Chromium,
    tmp_path_factory: pytest.TempPathFactory,
    server_commands: dict[str, list[str]],
) -> Generator[Person]:
    """Somebody with a page of an inspector of such a server."""
    home = tmp_path_factory.mktemp("inspected")
    framework = server_commands["fastmcp-4"][1]
    command = {**server_commands, "ours": [sys.executable, framework]}[link.server]
    with ExitStack() as stack:
        target = ["--command", shlex.join(command)]
        if link.transport != "stdio":
            port = free_port()
            line = [*command, "http", str(port)]
            stack.enter_context(serving(line, port, home / "log"))
            path = "sse" if link.transport == "sse" else "mcp"
            target = [f"http://127.0.0.1:{port}/{path}", "-t", link.transport]
        running = stack.enter_context(inspecting(*target, cwd=home))
        yield stack.enter_context(person(browser, running, link.revision))


def test_tools_are_called(ada: Person) -> None:
    """By their forms: results of each kind, progress and logs while it runs, errors."""
    ada.choose("Tools", "add")
    ada.press("Run")
    ada.read("Is required")
    ada.fill("a", "2")
    ada.fill("b", "40")
    ada.press("Run")
    ada.see("42")
    ada.press("Ping", "#bar")
    ada.read("It answered in")
    ada.choose("Tools", "progress")
    ada.fill("n", "3")
    ada.press("Run")
    ada.see("done")
    ada.choose("Tools", "chatter")
    ada.press("Run")
    ada.see("logged")
    ada.choose("Tools", "structured")
    ada.press("Run")
    ada.see("degrees: -3.5")
    ada.choose("Tools", "mixed")
    ada.press("Run")
    ada.see("image/png")
    ada.see("a note")
    ada.choose("Tools", "fail")
    ada.press("Run")
    ada.see("The tool says that it failed")
    ada.press("Errors", "#dock")
    ada.read("Tool error")


def test_a_call_is_given_up(ada: Person) -> None:
    """The server hears of it, be it after the next call."""
    ada.choose("Tools", "wait")
    ada.fill("name", "one")
    ada.press("Run")
    ada.see("Running")
    ada.see("1")
    ada.press("Cancel")
    ada.see("It was cancelled")
    ada.choose("Tools", "call_of")
    ada.fill("name", "one")
    ada.page.wait_for(
        lambda _: "cancelled" in ada.outcome or ada.press("Run"), "call that was cancelled"
    )


def test_questions_are_answered(ada: Person) -> None:
    """Those to the person, accepted, declined and cancelled; to a model; about the roots."""
    for answer, told in (("Accept", "accept: blue"), ("Decline", "decline"), ("Cancel", "cancel")):
        ada.choose("Tools", "ask_user")
        ada.press("Run")
        ada.read("Which colour?")
        if answer == "Accept":
            ada.page.fill("#questions .field :is(input, textarea)", "blue")
        ada.press(answer, "#questions")
        ada.see(told)
        ada.choose("Tools", "add")
    ada.choose("Tools", "ask_model")
    ada.press("Run")
    ada.read("What is the capital of France?")
    ada.page.fill("#questions textarea", "Paris")
    ada.press("Answer", "#questions")
    ada.see("model: Paris")
    ada.press("Run")
    ada.read("What is the capital of France?")
    ada.press("Decline", "#questions")
    ada.see("declined")
    ada.press("Server", "#places")
    ada.page.fill("#roots", "file:///work/here")
    ada.press("Offer these")
    ada.read("The server is told")
    ada.choose("Tools", "ask_roots")
    ada.press("Run")
    ada.see("file:///work/here")


def test_resources_and_prompts_are_read(ada: Person, link: Link) -> None:
    """They are read, expanded, completed, and subscribed to where the server has that."""
    ada.choose("Resources", "pixel://red")
    ada.press("Read")
    ada.see("image/png")
    ada.choose("Resources", "greet://{name}")
    ada.fill("name", "Ada L")
    ada.press("Read")
    ada.see("Hello, Ada")
    ada.choose("Prompts", "review")
    ada.press("Get")
    ada.read("Is required")
    ada.fill("code", "x")
    ada.read("x=2")
    ada.press_key("ArrowDown", code=40)
    ada.press_key("ArrowDown", code=40)
    ada.press_key("Enter", code=13)
    ada.press("Get")
    ada.see("Please review: x=2")
    ada.choose("Resources", "config://app")
    ada.press("Read")
    ada.see("debug=false")
    if link.server.startswith("typescript"):
        ada.press("Subscribe")
        ada.read("Unsubscribe")
        ada.choose("Tools", "change")
        ada.press("Run")
        ada.see("changed")
        ada.choose("Resources", "config://app")
        ada.read("Changed at")


def test_changed_lists_are_listed_anew(ada: Person) -> None:
    """All pages of them."""
    script = (
        "import('/state.js').then(({ state }) => state.messages.filter((each) => "
        "each.method === 'prompts/list' && each.kind === 'request').length)"
    )
    before = ada.page.run(script)
    ada.choose("Tools", "change")
    ada.press("Run")
    ada.see("changed")
    ada.page.wait_for(lambda page: page.run(script) > before, "another list")
    ada.choose("Tools", "call_of")


def test_a_call_is_taken_along(ada: Person, link: Link, tmp_path: Path) -> None:
    """As Python, as a command, and over HTTP as requests of curl, it gives the same."""
    ada.choose("Tools", "add")
    ada.fill("a", "2")
    ada.fill("b", "40")
    ada.press("Export")
    ways = {"Python": [sys.executable, "-c"], "fastmcp": ["bash", "-c"]}
    if link.transport == "http":
        ways["curl"] = ["bash", "-c"]
    for way, shell in ways.items():
        ada.press(way, "dialog")
        code = ada.page.run("document.querySelector('dialog .code').textContent")
        script = FASTMCP + code if way == "fastmcp" else code
        done = subprocess.run(
            [*shell, script],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr
        assert "42" in done.stdout, (code, done.stdout)
