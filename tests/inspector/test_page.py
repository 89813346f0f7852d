"""The page in a real browser: what a person does with a server, from the link to the result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import Chromium
from processes import free_port, http_server

from .browsing import Person, person
from .running import EVERYTHING, Running, command, inspecting

ERAS = ["2026-07-28", "2025-11-25"]
SOURCE = """\
from fastmcp import FastMCP

mcp = FastMCP("first")


@mcp.tool
def add(a: int, b: int) -> int:
    return sum(locals().values())
"""


@pytest.fixture
def ada(browser: Chromium, running: Running) -> Generator[Person]:
    """Somebody with a page of an inspector of their own."""
    with person(browser, running) as made:
        yield made


@pytest.fixture(params=ERAS)
def spoken(request: pytest.FixtureRequest, ada: Person) -> Person:
    """The same, who has chosen a revision of either era."""
    ada.speak(request.param)
    return ada


def test_a_tool_is_called_by_its_form(spoken: Person) -> None:
    """What does not fit is said at the field; what does is sent as what it is."""
    spoken.choose("Tools", "form")
    spoken.press("Run")
    spoken.read("Is required")
    spoken.fill("name", "A")
    spoken.fill("age", "200")
    spoken.read("Has to have at least 2 characters")
    spoken.read("Has to be at most 150")
    spoken.fill("name", "Ada")
    spoken.fill("age", "36")
    spoken.press_key("Enter", modifiers=2, code=13)
    spoken.see("Done")

    assert 'name: "Ada"' in spoken.outcome and "age: 36" in spoken.outcome
    assert 'colour: "green"' in spoken.outcome and "active: true" in spoken.outcome
    assert "output schema" not in spoken.outcome


def test_a_call_is_followed_and_cancelled(spoken: Person) -> None:
    """Its progress and its logs are there while it runs."""
    spoken.choose("Tools", "slow")
    spoken.fill("steps", "500")
    spoken.press("Run")
    spoken.see("step 2")
    spoken.see("at step 2")
    spoken.press("Cancel")
    spoken.see("It was cancelled")
    spoken.fill("steps", "2")
    spoken.press("Run")
    spoken.see("counted")

    assert spoken.count("logs") >= 4


def test_a_call_runs_as_a_task(spoken: Person) -> None:
    """It is listed with what has become of it."""
    spoken.choose("Tools", "slow")
    spoken.tick("Run as a task")
    spoken.press("Run")
    spoken.see("counted")
    spoken.press("Tasks", "#places")

    spoken.read("completed")


def test_questions_are_answered_in_the_page(spoken: Person) -> None:
    """A form, a page to visit, and a model."""
    spoken.choose("Tools", "book")
    spoken.press("Run")
    spoken.fill("guests", "9", "#questions")
    spoken.press("Accept", "#questions")
    spoken.read("Has to be at most 8")
    spoken.fill("guests", "4", "#questions")
    spoken.press("Accept", "#questions")
    spoken.see("guests=4")
    spoken.choose("Tools", "visit")
    spoken.press("Run")
    spoken.read("pay.example")
    spoken.press("Decline", "#questions")
    spoken.see("decline")
    spoken.choose("Tools", "think")
    spoken.fill("about", "life")
    spoken.press("Run")
    spoken.read("What about life?")
    spoken.page.fill("#questions textarea", "42")
    spoken.press("Answer", "#questions")
    spoken.see("42")


def test_a_model_that_calls_a_tool_is_played(spoken: Person) -> None:
    """What the tool gave is shown, until there is an answer."""
    spoken.choose("Tools", "forecast")
    spoken.press("Run")
    spoken.read("What is the weather?")
    spoken.select("It answers with", "0", "#questions")
    spoken.fill("city", "Oslo", "#questions")
    spoken.press("Answer", "#questions")
    spoken.read("rain in Oslo")
    spoken.page.fill("#questions textarea", "Wet")
    spoken.press("Answer", "#questions")
    spoken.see("forecast: Wet")


def test_a_call_outlives_the_page_that_made_it(ada: Person) -> None:
    """Whoever loads the page anew can still cancel it, by its message."""
    ada.choose("Tools", "slow")
    ada.fill("steps", "5000")
    ada.press("Run")
    ada.see("step 2")
    ada.page.call("Page.reload")
    ada.read("MCP 20")
    ada.page.run(
        "import('/state.js').then(async ({ state }) => (await import('/go.js')).go('messages', "
        "state.messages.find((each) => each.method === 'tools/call')))"
    )
    ada.press("Cancel", "#dock")
    cancelled = (
        "import('/state.js').then(({ state }) => "
        "state.messages.some((each) => each.method === 'notifications/cancelled'))"
    )
    ada.page.wait_for(lambda page: page.run(cancelled), "cancellation")


@pytest.mark.parametrize(("width", "height"), [(400, 800), (640, 400)])
def test_all_of_it_is_reached_on_a_small_screen(ada: Person, width: int, height: int) -> None:
    """On a telephone, and where everything is twice as large."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    ada.page.call("Emulation.setDeviceMetricsOverride", **size)
    ada.choose("Tools", "add")
    ada.fill("a", "40")
    ada.press("Run")
    ada.see("42")
    script = """[...document.querySelectorAll('#bar button, #dock .head > button, .runbar button')]
        .filter((e) => e.offsetParent).filter((e) => {
          const { x, y, width, height } = e.getBoundingClientRect();
          return !e.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }).map((e) => e.textContent)"""

    assert ada.page.run(script) == []
    assert ada.page.run("document.documentElement.scrollWidth") == width


def test_the_keyboard_is_enough(ada: Person) -> None:
    """A tool is found, filled in, called, its question answered, and its messages read."""
    keys = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "Home": 36}

    def press(key: str, modifiers: int = 0) -> None:
        text = {"Enter": "\r"}.get(key)
        given = {"key": key, "code": key, "windowsVirtualKeyCode": keys[key]}
        if text:
            given["text"] = text
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            ada.page.call("Input.dispatchKeyEvent", type=kind, modifiers=modifiers, **given)

    def reach(condition: str) -> None:
        for _ in range(60):
            if ada.page.run(f"(({condition}))(document.activeElement)"):
                return
            press("Tab")
        raise AssertionError(f"no Tab leads to {condition}: {ada.page.text}")

    reach("(e) => e.closest('#places') && e.textContent.startsWith('Tools')")
    press("Enter")
    reach("(e) => e.placeholder === 'Filter tools'")
    ada.page.call("Input.insertText", text="book")
    press("Enter")
    ada.read("Ask for a form")
    reach("(e) => e.textContent === 'Run'")
    press("Enter")
    ada.page.wait_for(
        lambda page: page.run("document.activeElement.closest('#questions') !== null"),
        "question with the focus",
    )
    ada.page.call("Input.insertText", text="4")
    reach("(e) => e.textContent === 'Accept'")
    press("Enter")
    ada.see("guests=4")
    assert ada.page.run("document.activeElement.textContent") == "Run"
    reach("(e) => e.id === 'messages'")
    press("Home")
    ada.read("Its answer")


def test_resources_templates_and_prompts(spoken: Person) -> None:
    """They are read, completed, expanded and subscribed to."""
    spoken.choose("Resources", "data://config")
    spoken.press("Subscribe")
    spoken.read("Unsubscribe")
    spoken.press("Read")
    spoken.see("debug: true")
    spoken.choose("Resources", "users://{city}/{user}")
    spoken.fill("city", "Be")
    spoken.read("Bergen")
    spoken.press_key("ArrowDown", code=40)
    spoken.press_key("Enter", code=13)
    spoken.fill("user", "Ada L")
    spoken.read("users://Berlin/Ada%20L")
    spoken.press("Read")
    spoken.see("Ada L of Berlin")
    spoken.choose("Prompts", "greet")
    spoken.fill("name", "Grace")
    spoken.press("Get")
    spoken.see("Greet Grace in a kind way.")
    spoken.choose("Tools", "touch")
    spoken.press("Run")
    spoken.see("touched")
    spoken.choose("Resources", "data://config")
    spoken.read("Changed at")
    spoken.press("Unsubscribe")
    spoken.page.wait_for(lambda page: "Unsubscribe" not in page.text, "end of the subscription")


def test_what_a_server_gives_is_shown_and_never_run(ada: Person) -> None:
    """Pictures and sounds; markup is text, wherever it comes from."""
    ada.choose("Tools", "picture")
    ada.press("Run")
    ada.see("10 \N{MULTIPLICATION SIGN} 10")
    ada.choose("Tools", "sound")
    ada.press("Run")
    ada.see("audio/wav")
    ada.choose("Tools", "markup")
    ada.press("Run")
    ada.see("<script>alert(2)</script>")
    ada.choose("Tools", "fail")
    ada.press("Run")
    ada.see("The tool says that it failed")

    assert ada.page.run("document.querySelectorAll('img[src=x], body script').length") == 0
    assert ada.count("errors") == 1


def test_an_app_speaks_to_its_host_and_reaches_nothing_else(browser: Chromium, ada: Person) -> None:
    """Its page has an origin of its own; it calls tools through the host."""
    ada.choose("Tools", "clock")
    ada.press("Run")
    ada.read_in_app("12:34")
    ada.read_in_app("refused refused refused inline")
    assert ada.page.run("document.querySelector('iframe').style.height") == "123px"
    ada.page.complaints[:] = [
        each for each in ada.page.complaints if "Content Security Policy" not in each
    ]


def test_a_changed_list_is_listed_anew(ada: Person) -> None:
    """Without a word of the person."""
    ada.choose("Tools", "grow")
    ada.press("Run")
    ada.see("grown")
    ada.choose("Tools", "more")
    ada.press("Run")

    ada.see("more")


def test_what_was_called_can_be_called_again_and_taken_along(ada: Person) -> None:
    """The history outlives the page, and a call is shown as code."""
    ada.choose("Tools", "add")
    ada.fill("a", "40")
    ada.press("Run")
    ada.see("42")
    ada.page.call("Page.reload")
    ada.read("MCP 20")
    ada.press("History", "#places")
    ada.press("Open")
    ada.press("Run")
    ada.see("42")
    ada.press("Export")

    ada.read('result = await client.call_tool("add", {"a": 40, "b": 2})')
    ada.press("fastmcp", "dialog")
    ada.read('--input-json \'{"a":40,"b":2}\'')


def test_ten_thousand_messages_are_a_few_rows(ada: Person) -> None:
    """Only those that can be seen are in the document, wherever the list is scrolled to."""
    ada.choose("Tools", "slow")
    ada.fill("steps", "5000")
    ada.fill("pause", "0")
    ada.press("Run")
    ada.see("counted")
    ada.page.wait_for(lambda _: ada.count("messages") > 10_000, "10,000 messages")

    assert ada.page.run("document.querySelectorAll('#messages .row').length") < 60
    ada.page.run("document.getElementById('messages').scrollTop = 0")
    ada.read("server/discover")


def test_it_starts_anew_with_the_file(browser: Chromium, tmp_path: Path) -> None:
    """The page shows the new server, and has kept what was written into a form."""
    file = tmp_path / "server.py"
    file.write_text(SOURCE)
    with (
        inspecting("server.py", cwd=tmp_path) as running,
        person(browser, running) as ada,
    ):
        ada.read("first")
        ada.choose("Tools", "add")
        ada.fill("a", "7")
        file.write_text(SOURCE.replace("first", "second").replace("b: int", "b: int, c: int = 1"))
        ada.read("second")
        ada.fill("c", "3")
        ada.press("Run")
        ada.read("Is required")
        ada.fill("b", "5")
        ada.press("Run")
        ada.see("15")
        file.write_text("import no_such_module\n")
        ada.press("Server", "#places")
        ada.read("No connection")
        ada.press("Server output", "#dock")
        ada.read("no_such_module")


def test_everything_has_a_name(ada: Person) -> None:
    """Whoever does not see the page hears what each control is."""
    ada.choose("Tools", "form")
    ada.read("Give back what was given")
    tree = ada.page.call("Accessibility.getFullAXTree")["nodes"]
    controls = {
        "button",
        "textbox",
        "combobox",
        "checkbox",
        "listbox",
        "option",
        "tab",
        "searchbox",
    }

    nameless = [
        node
        for node in tree
        if node.get("role", {}).get("value") in controls
        and not node.get("ignored")
        and not node.get("name", {}).get("value")
    ]

    assert nameless == []


def test_a_server_over_http_dies_and_comes_back(browser: Chromium, tmp_path: Path) -> None:
    """What is called meanwhile fails, and says why; then it is as before."""
    port = free_port()
    line = ["-m", "fastmcp", "run", EVERYTHING, "-t", "http", "-p", str(port), "--no-banner"]
    with ExitStack() as stack:
        with http_server(line, tmp_path / "log", port=port) as server:
            running = stack.enter_context(inspecting(server.url, cwd=tmp_path))
            ada = stack.enter_context(person(browser, running))
            ada.choose("Tools", "add")
            ada.fill("a", "40")
            ada.press("Run")
            ada.see("42")
        ada.press("Run")
        ada.see("Failed")
        with http_server(line, tmp_path / "log", port=port):
            ada.restart()
            ada.press("Run")
            ada.see("42")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(ada: Person, theme: str) -> None:
    """By 4.5 to 1, in each theme (WCAG 2.2, 1.4.3)."""
    scheme = {"name": "prefers-color-scheme", "value": theme}
    ada.page.call("Emulation.setEmulatedMedia", features=[scheme])
    script = """(() => {
      const box = document.body.appendChild(document.createElement('div'));
      const light = (name) => {
        box.style.color = `var(--${name})`;
        const parts = getComputedStyle(box).color.match(/[0-9.]+/g).slice(0, 3);
        const [r, g, b] = parts.map((each) => each / 255).map(
          (each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const grounds = ['ground', 'surface', 'raised', 'sunk', 'hover', 'chosen'];
      const pairs = ['text', 'muted', 'faint', 'accent', 'bad'].flatMap(
        (text) => grounds.map((ground) => [text, ground]));
      for (const tone of ['good', 'bad', 'warn', 'busy']) pairs.push([tone, `${tone}-ground`]);
      return pairs.filter(([text, ground]) => {
        const [less, more] = [light(text), light(ground)].sort((a, b) => a - b);
        return (more + 0.05) / (less + 0.05) < 4.5;
      }).join(' ');
    })()"""

    assert ada.page.run(script) == ""


def test_an_odd_server_breaks_nothing(browser: Chromium, tmp_path: Path) -> None:
    """Schemas that contain themselves, or make no sense; results that are none."""
    command_line = command(EVERYTHING.with_name("odd.py"))
    with (
        inspecting("--command", command_line, cwd=tmp_path) as running,
        person(browser, running) as ada,
    ):
        ada.read("<b>odd</b>")
        ada.choose("Tools", "itself")
        ada.page.run("document.querySelector('#content .field input[type=checkbox]').click()")
        ada.press("Run")
        ada.see("text/html")
        ada.choose("Tools", "forever")
        ada.press("Run")
        ada.read("Is required")
        ada.choose("Tools", "null_properties")
        ada.press("Run")
        ada.see("It gave no content")
        ada.choose("Tools", "odd_types")
        ada.fill("g", "2")
        ada.select("f", "0")
        ada.press("Run")
        ada.read("Has to be at least 3")
        ada.choose("Tools", "nothing")
        ada.press("Run")
        ada.see("This is no result as the protocol has it")
