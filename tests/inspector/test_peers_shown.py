"""What the page shows in a way of its own, of servers that others wrote."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import Chromium
from peers.conftest import node_packages as node_packages
from peers.environments import NodePackages, python_packages

from .browsing import Person, person
from .running import EVERYTHING, inspecting

pytestmark = pytest.mark.timeout(300, func_only=True)

ERAS = ["2026-07-28", "2025-11-25"]


@pytest.fixture
def meet(browser: Chromium, tmp_path: Path) -> Generator[Callable[[list[str], str], Person]]:
    """Somebody with a page of an inspector of a command's server."""
    with ExitStack() as stack:

        def made(command: list[str], mode: str) -> Person:
            running = stack.enter_context(
                inspecting("--command", shlex.join(command), cwd=tmp_path)
            )
            return stack.enter_context(person(browser, running, mode))

        yield made


@pytest.mark.parametrize("mode", ERAS)
def test_of_the_typescript_sdk(
    meet: Callable[[list[str], str], Person], mode: str, tmp_path: Path, node_packages: NodePackages
) -> None:
    """A form with fields of each kind, a page to visit, levels of logs, an app."""
    server = shutil.copy(EVERYTHING.with_name("shown.mjs"), tmp_path)
    (tmp_path / "node_modules").symlink_to(node_packages.modules)
    ada = meet([node_packages.node(22), server], mode)
    ada.choose("Tools", "form")
    ada.fill("name", "Ada")
    ada.fill("age", "-1")
    ada.fill("email", "nobody")
    ada.fill("zip", "1")
    ada.press("Run")
    for wrong in ("Has to be at least 0", "Has to be an email", "Has to match", "Is required"):
        ada.read(wrong)
    ada.fill("age", "36")
    ada.fill("email", "ada@example.org")
    ada.fill("street", "Way")
    ada.fill("zip", "12345")
    ada.press("Run")
    ada.see('"age":36,"ratio":0.5,"size":"M","fixed":"always","email":"ada@example.org"')
    ada.see('"address":{"street":"Way","zip":"12345"},"none":null')
    ada.choose("Tools", "visit")
    ada.press("Run")
    ada.read("It leads to pay.example")
    ada.press("Accept", "#questions")
    ada.see("told accept")
    ada.choose("Tools", "talk")
    ada.press("Run")
    ada.see("a detail")
    ada.press("Logs", "#dock")
    ada.select("Server sends", "error", "#dock")
    ada.read("The server sends logs from error on")
    ada.choose("Tools", "talk")
    ada.press("Run")
    ada.see("talked")
    ada.see("a fault")
    assert "a detail" not in ada.outcome
    ada.choose("Apps", "city")
    ada.fill("city", "Oslo")
    ada.press("Run")
    ada.read_in_app("It is Oslo")


@pytest.mark.parametrize("mode", ERAS)
def test_of_fastmcp_4(meet: Callable[[list[str], str], Person], mode: str) -> None:
    """A form, progress and logs as they come, an app, and a task in the era that has them there."""
    packages = ("fastmcp==4.1.2", "fastmcp-tasks==4.1.2")
    ada = meet([python_packages("fastmcp4-tasks", *packages), str(EVERYTHING)], mode)
    ada.choose("Tools", "form")
    ada.fill("name", "Ada")
    ada.fill("age", "36")
    ada.press("Run")
    ada.see('colour: "green"')
    ada.choose("Tools", "slow")
    ada.fill("steps", "500")
    ada.press("Run")
    ada.see("at step 2")
    ada.see("step 3")
    ada.press("Cancel")
    ada.see("It was cancelled")
    ada.choose("Tools", "picture")
    ada.press("Run")
    ada.see("10 \N{MULTIPLICATION SIGN} 10")
    ada.choose("Apps", "clock")
    ada.press("Run")
    ada.read_in_app("refused refused refused inline")
    ada.page.complaints[:] = [
        each for each in ada.page.complaints if "Content Security Policy" not in each
    ]
    if mode == "2026-07-28":
        ada.choose("Tools", "later")
        ada.tick("Run as a task")
        ada.press("Run")
        ada.see("done later")
        ada.press("Tasks", "#places")
        ada.read("completed")
    ada.choose("Tools", "leave")
    ada.press("Run")
    ada.read("Lost")
    ada.restart()
    ada.choose("Tools", "add")
    ada.fill("a", "40")
    ada.press("Run")
    ada.see("42")
