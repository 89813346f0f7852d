"""A server that attacks whoever looks at it: the page stays whole, and in the person's hands."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import Chromium

from .browsing import Person, person
from .running import EVERYTHING, command, inspecting

SHOWN = "#content > :not([hidden])"
ELEMENTS = "document.querySelectorAll('*').length"


@pytest.fixture
def meet(browser: Chromium, tmp_path: Path) -> Generator[Callable[..., Person]]:
    """Somebody who looks at the hostile server, started with some arguments."""
    with ExitStack() as stack:

        def made(*arguments: str) -> Person:
            line = command(EVERYTHING.with_name("hostile.py"), arguments)
            running = stack.enter_context(inspecting("--command", line, cwd=tmp_path))
            return stack.enter_context(person(browser, running))

        yield made


def test_names_neither_run_nor_hide_anything(meet: Callable[..., Person]) -> None:
    """Markup is text, what turns text round is shown, and long names leave the buttons alone."""
    eve = meet()
    eve.press("Tools", "#places")
    eve.read("<script>alert(2)</script>")
    eve.read("invoiceU+202Efdp.exe")
    leave = "[...document.querySelectorAll('#bar button')].find((e) => e.innerText == 'Disconnect')"
    script = f"(({{ x, y }}) => document.elementFromPoint(x + 5, y + 5).innerText)({leave}"

    assert eve.page.run(f"{script}.getBoundingClientRect())") == "Disconnect"
    assert eve.page.run(f"document.querySelector('{SHOWN} .rows').scrollHeight") < 600
    assert all("127.0.0.1" in url for url in eve.page.asked)


def test_schemas_that_contain_themselves_have_a_form(meet: Callable[..., Person]) -> None:
    """Of fields that would be without end there are some; the rest is JSON."""
    eve = meet()
    for name in ("twice", "and_itself", "nonsense"):
        eve.choose("Tools", name)
        eve.page.wait_for(
            lambda page, name=name: (
                page.run(f"document.querySelector('{SHOWN} .pane h2')?.textContent") == name
            ),
            name,
        )
        assert eve.page.run(ELEMENTS) < 12_000
    eve.fill("text", "sent")
    eve.press("Run")
    eve.see("sent")


def test_results_without_measure_are_shown_in_pieces(meet: Callable[..., Person]) -> None:
    """A text of many megabytes, many blocks, and some that are none."""
    eve = meet()
    eve.choose("Tools", "huge")
    eve.press("Run")
    eve.see("Show all 20000000 characters")
    eve.choose("Tools", "blocks")
    eve.press("Run")
    eve.see("100 more of 20000")
    eve.press("100 more of 20000", ".outcome:not([hidden]) .resultbody:has(.block)")
    eve.see("block 150")
    eve.choose("Tools", "odd_content")
    eve.press("Run")
    eve.see("what is good of it")
    eve.see("This is no content as the protocol has it")
    eve.see("it cannot be shown")

    assert eve.page.run(ELEMENTS) < 12_000


def test_long_numbers_stay_what_they_are(meet: Callable[..., Person]) -> None:
    """On their way to the server, and back."""
    eve = meet()
    eve.choose("Tools", "number")
    eve.fill("n", "12345678901234567890123")
    eve.press("Run")
    eve.see("n: 12345678901234567890123")
    eve.see("more: 9223372036854775809")
    eve.press("Export")

    eve.read('{"n": 12345678901234567890123}')


def test_a_question_that_makes_no_sense_hides_no_other(meet: Callable[..., Person]) -> None:
    """Each is shown as far as it can be; a link that is none of the web is not opened."""
    eve = meet()
    eve.choose("Tools", "ask_oddly")
    eve.press("Run")
    eve.read("Is this seen?")
    eve.read("This is not opened")

    assert eve.page.run("document.querySelectorAll('#questions .question:not(.hint)').length") == 3
    assert eve.page.run("document.querySelectorAll('#questions a').length") == 0


def test_a_question_takes_nothing_that_is_written_elsewhere(meet: Callable[..., Person]) -> None:
    """The focus stays where somebody writes."""
    eve = meet()
    eve.choose("Tools", "ask_oddly")
    eve.page.run("document.querySelector('#dock input[type=search]').focus()")
    eve.page.call("Input.dispatchKeyEvent", type="keyDown", key="a", text="a")
    eve.press("Run")  # by a script, so that the focus stays
    eve.read("Is this seen?")
    eve.page.call("Input.insertText", text="bc")

    assert eve.page.run("document.querySelector('#dock input[type=search]').value") == "abc"


def test_a_list_without_measure_is_shown_in_parts(meet: Callable[..., Person]) -> None:
    """Of 100,000 tools each is found, by the filter and by the keyboard."""
    eve = meet("many")
    eve.choose("Tools", "tool_0")
    eve.read("99700 more")
    eve.page.run(f"document.querySelector('{SHOWN} .rows').focus()")
    eve.press_key("End", code=35)
    eve.page.wait_for(
        lambda page: (
            page.run(f"document.querySelector('{SHOWN} .pane h2').textContent") == "tool_99999"
        ),
        "the last tool",
    )

    assert eve.page.run(f"document.querySelectorAll('{SHOWN} .entry').length") <= 300
    eve.page.run(f"document.querySelector('{SHOWN} input[type=search]').focus()")
    eve.page.call("Input.insertText", text="54321")
    eve.choose("Tools", "tool_54321")


def test_a_list_that_goes_round_ends(meet: Callable[..., Person]) -> None:
    """It is said why; the tools that came are there."""
    eve = meet("endless")
    eve.press("Tools", "#places")
    eve.read("This list has no end")
    eve.choose("Tools", "again")


def test_a_list_that_changes_all_the_time_is_listed_now_and_then(
    meet: Callable[..., Person],
) -> None:
    """Not once for each time that the server says so."""
    eve = meet()
    eve.choose("Tools", "change_often")
    eve.press("Run")
    eve.see("changed")
    script = (
        "import('/state.js').then(({ state }) => "
        "state.messages.filter((e) => e.method === 'tools/list' && e.kind === 'request').length)"
    )

    assert eve.page.run(script) < 1000


def test_an_app_neither_gets_out_nor_drowns_the_person(browser: Chromium, tmp_path: Path) -> None:
    """It stays in its frame, wherever it wants to go; what it says too often is refused."""
    line = command(EVERYTHING.with_name("evil_app.py"))
    with (
        inspecting("--command", line, cwd=tmp_path) as running,
        person(browser, running) as eve,
    ):
        eve.choose("Apps", "show")
        eve.press("Run")
        eve.read_in_app(
            "above: SecurityError; away: SecurityError; window: nothing; storage: SecurityError; "
            "This app may not call hidden; Only links of http and https are opened; "
            "Too much waits for the person"
        )
        eve.page.wait_for(
            lambda page: any("evil.example" in each for each in page.complaints), "refusal"
        )

        assert eve.page.url.startswith(running.url)
        assert not any("evil.example" in each for each in eve.page.asked)
        eve.page.complaints.clear()  # the browser says what the app was refused
