"""A person in the inspector's page: what they press by its name, and what they read."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from chromium import Chromium, Page

from .running import Running

SEEN = "(e) => e.offsetParent !== null && !e.closest('[hidden]')"


class Person:
    """Uses a page of the inspector. `faults` are what went wrong in its scripts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[Any] = []
        heard = page._hear

        def hear(method: str, params: Any) -> None:
            if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
                self.faults.append(params)
            heard(method, params)

        page._browser._hearers[page._session] = hear

    def press(self, name: str, within: str = "body") -> None:
        """Press the button that is called so."""
        found = (
            f"[...{_found(within)}.querySelectorAll('button, a.button')].filter({SEEN})"
            f".find((e) => e.textContent.trim().startsWith({json.dumps(name)}))"
        )
        self.page.wait_for(lambda page: page.run(f"Boolean({found})"), f"button {name!r}")
        self.page.run(f"{found}.click()")

    def choose(self, place: str, key: str) -> None:
        """Go to a place, and choose something in its list."""
        self.press(place, "#places")
        selector = f"#content > :not([hidden]) [data-key={json.dumps(key)}]"
        self.page.wait_for(lambda page: page.run(f"Boolean({_found(selector)})"), key)
        self.page.run(f"{_found(selector)}.click()")

    def _field(self, label: str, within: str) -> str:
        labels = f"[...document.querySelectorAll({json.dumps(f'{within} label')})].filter({SEEN})"
        texts = "[e.textContent.trim(), e.firstChild.textContent.trim()]"
        field = f"{labels}.find((e) => {texts}.includes({json.dumps(label)})).control"
        self.page.wait_for(lambda page: page.run(f"Boolean({field})"), f"field {label!r}")
        return field

    def select(self, label: str, value: str, within: str = "#content") -> None:
        """Choose a value of the field that is labelled so."""
        field = self._field(label, within)
        change = "e.dispatchEvent(new Event('change', { bubbles: true }))"
        self.page.run(
            f"(() => {{ const e = {field}; e.value = {json.dumps(value)}; {change}; }})()"
        )

    def fill(self, label: str, text: str, within: str = "#content") -> None:
        """Write into the field that is labelled so."""
        field = self._field(label, within)
        self.page.run(f"(() => {{ const e = {field}; e.focus(); e.select(); }})()")
        self.page.call("Input.insertText", text=text)

    def tick(self, label: str, within: str = "#content") -> None:
        """Press the box that is labelled so."""
        labels = f"[...document.querySelectorAll({json.dumps(f'{within} label')})]"
        found = f"{labels}.find((e) => e.textContent === {json.dumps(label)} && e.control)"
        self.page.wait_for(lambda page: page.run(f"Boolean({found})"), f"box {label!r}")
        self.page.run(f"{found}.control.click()")

    def read_in_app(self, text: str) -> None:
        """Wait until that is to be read in the frame of an app."""
        self.page.wait_for(lambda page: any(text in each for each in page.frames()), text)

    def press_key(self, key: str, modifiers: int = 0, code: int = 0) -> None:
        """Press a key where the focus is."""
        given = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code}
        for kind in ("rawKeyDown", "keyUp"):
            self.page.call("Input.dispatchKeyEvent", type=kind, **given)

    def read(self, text: str) -> None:
        """Wait until that is to be read."""
        self.page.read(text)

    def speak(self, mode: str) -> None:
        """Connect anew, in a revision of the protocol."""
        before = self._connections()
        self.press("Connect", "#bar")
        self.select("Protocol", mode, "dialog")
        self.press("Connect", "dialog")
        self._await_more_than(before)
        self.read(f"MCP {mode}")

    def restart(self) -> None:
        """Connect anew to the same."""
        before = self._connections()
        self.press("Restart", "#bar")
        self._await_more_than(before)

    def _connections(self) -> int:
        number = "import('/state.js').then(({ state }) => state.connection.number)"
        self.page.wait_for(lambda page: page.run(number), "first connection")
        return self.page.run(number)

    def _await_more_than(self, before: int) -> None:
        """Wait until there is another connection, and all lists are there."""
        ready = (
            "import('/state.js').then(({ isOpen, state }) => "
            f"isOpen() && state.connection.number > {before} && !state.loading.size)"
        )
        self.page.wait_for(lambda page: page.run(ready), "another connection")

    @property
    def outcome(self) -> str:
        """What came of the last call."""
        script = f"[...document.querySelectorAll('.outcome')].filter({SEEN})"
        return self.page.run(f"{script}.map((e) => e.innerText).join('\\n')") or ""

    def see(self, text: str) -> None:
        """Wait until that is in what came of the last call."""
        self.page.wait_for(lambda _: text in self.outcome, f"outcome {text!r}: {self.outcome!r}")

    def count(self, tab: str) -> int:
        """The number that a tab of the dock has."""
        script = f"document.getElementById('dock-{tab}').querySelector('.count').textContent"
        return int(self.page.run(script) or 0)


def _found(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@contextmanager
def person(
    browser: Chromium, running: Running, mode: str | None = None, *, waits: bool = True
) -> Generator[Person]:
    """Somebody who has opened the link, and speaks a revision that they choose, or the one that
    was agreed on (it `waits` for that); nothing goes wrong in the scripts of their page.
    """
    with browser.person() as page:
        size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        made = Person(page)
        page.open(running.link)
        if mode is not None:
            made.speak(mode)
        elif waits:
            made.read("MCP 20")
        yield made
        assert made.faults == []
        assert page.complaints == []
        assert page.alerts == []
