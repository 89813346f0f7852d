"""Interfaces in a real browser, in the page of `fastmcp dev apps`."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import Chromium
from inspector.browsing import Person, person
from inspector.running import inspecting

from .conftest import SHOP
from .framed import Framed


@pytest.fixture
def framed(browser: Chromium, ada: Person) -> Framed:
    """What that person sees in the frame."""
    return Framed(browser, ada)


def opened(ada: Person, tool: str, **arguments: str) -> None:
    """Have the person call an entry tool."""
    ada.choose("Tools", tool)
    for name, value in arguments.items():
        ada.fill(name, value)
    ada.press("Run")


def test_a_page_is_shown_and_held_in_its_frame(ada: Person, framed: Framed) -> None:
    """It hears of the call and calls the app's tools; it reaches nothing else."""
    opened(ada, "counter")

    framed.read("counter is 4")
    framed.read("then 7")
    framed.read("entry: This app may not call counter")
    for what in ("storage", "above", "network"):
        framed.read(f"{what}: closed")
    frame = "document.querySelector('iframe')"
    assert ada.page.run(f"{frame}.sandbox.value") == "allow-scripts"
    assert ada.page.run(f"{frame}.allow") == "camera"
    ada.page.complaints.clear()  # the browser says what the page was refused


def test_the_user_approves(ada: Person, framed: Framed) -> None:
    """What is pressed goes into the conversation, and can be pressed once."""
    opened(ada, "request_approval", summary="Deploy <b>v3</b>")
    framed.read("Deploy <b>v3</b>")
    framed.press("Ship it")

    framed.read("Response sent.")
    ada.read("— I selected: Ship it")
    assert framed.run("document.querySelectorAll('button').length") == 0


def test_the_user_fills_in_a_form(ada: Person, framed: Framed) -> None:
    """What does not fit is said; what does is taken, and told to the model."""
    opened(ada, "collect_order", prompt="What do you want?")
    framed.fill("name", "A")
    framed.fill("wanted", "2031-05-06")
    framed.fill("street", "Main Street")
    framed.fill("number", "0")
    framed.press("Submit")
    assert framed.run("document.querySelector('[name=number]').matches(':invalid')")
    framed.fill("number", "7")
    framed.press("Submit")
    framed.read("name: String should have at least 2 characters")
    framed.fill("name", "Ada")
    framed.press("Submit")

    framed.read("Submitted.")
    ada.read("Order of Ada, large, to Main Street 7")


def test_the_user_uploads_files(ada: Person, framed: Framed) -> None:
    """The model reads them by a tool; one that is too large is refused, and the others are not."""
    opened(ada, "file_manager")
    framed.read("A file may have at most 1000 B")
    framed.drop("large.txt", "x" * 1001)
    framed.read("large.txt: A file may have at most 1000 B")
    framed.drop("notes.txt", "Remember the milk")
    framed.read("notes.txt")
    framed.read("17 B")
    opened(ada, "read_file", name="notes.txt")

    ada.see("Remember the milk")


def test_the_log_panel_is_folded_where_it_is_not_wanted(browser: Chromium, tmp_path: Path) -> None:
    """Without a word about where it was the last time."""
    given = ("apps", SHOP, "--no-reload", "--no-log-panel")
    with inspecting(*given, cwd=tmp_path) as running, person(browser, running) as ada:
        assert ada.page.run("document.querySelector('#dock-panel').hidden")
        assert ada.page.run("localStorage.getItem('inspector.dock')") is None
