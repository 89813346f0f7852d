"""Servers that others wrote, in the page, through every feature."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Chromium
from peers.conftest import node_packages as node_packages
from peers.conftest import sdk1_python as sdk1_python
from peers.conftest import server_commands as server_commands

from .browsing import Person, person
from .running import inspecting

SERVERS = ["fastmcp-4", "typescript-sdk-1", "typescript-sdk-2"]


@pytest.fixture(params=SERVERS)
def ada(
    request: pytest.FixtureRequest,
    browser: Chromium,
    tmp_path: Path,
    server_commands: dict[str, list[str]],
) -> Generator[Person]:
    """Somebody with a page of an inspector of such a server."""
    command = shlex.join(server_commands[request.param])
    with (
        inspecting("--command", command, cwd=tmp_path) as running,
        person(browser, running) as made,
    ):
        yield made


def test_a_server_of_others_is_used_in_the_page(ada: Person) -> None:
    """Calls, progress, questions, content of each kind, changes, resources, prompts."""
    ada.choose("Tools", "add")
    ada.fill("a", "2")
    ada.fill("b", "40")
    ada.press("Run")
    ada.see("42")
    ada.choose("Tools", "progress")
    ada.fill("n", "3")
    ada.press("Run")
    ada.see("done")
    ada.choose("Tools", "fail")
    ada.press("Run")
    ada.see("The tool says that it failed")
    ada.choose("Tools", "mixed")
    ada.press("Run")
    ada.see("image/png")
    ada.choose("Tools", "ask_user")
    ada.press("Run")
    ada.read("Which colour?")
    ada.page.run("document.querySelector('#questions .field :is(input, textarea)').focus()")
    ada.page.call("Input.insertText", text="blue")
    ada.press("Accept", "#questions")
    ada.see("accept: blue")
    ada.choose("Tools", "ask_model")
    ada.press("Run")
    ada.read("What is the capital of France?")
    ada.page.fill("#questions textarea", "Paris")
    ada.press("Answer", "#questions")
    ada.see("model: Paris")
    ada.choose("Tools", "wait")
    ada.fill("name", "one")
    ada.press("Run")
    ada.see("Running")
    ada.press("Cancel")
    ada.see("It was cancelled")
    ada.choose("Tools", "call_of")
    ada.fill("name", "one")
    ada.press("Run")
    ada.see("cancelled")
    ada.press("Prompts", "#places")
    ada.press("Resources", "#places")
    ada.press("Errors", "#dock")
    ada.read("Tool error")
