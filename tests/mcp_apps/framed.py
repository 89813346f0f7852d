"""What is inside of the frame of an app, where its host cannot look."""

from __future__ import annotations

from typing import Any

from chromium import Chromium
from inspector.browsing import Person


class Framed:
    """The app that a person sees. It is a target of its own, since its origin is nobody's."""

    def __init__(self, browser: Chromium, person: Person) -> None:
        self._browser = browser
        self._person = person

    def run(self, script: str) -> Any:
        """The value of an expression in the newest frame that there is."""
        targets = self._browser.call("Target.getTargets")["targetInfos"]
        frames = [each for each in targets if each["type"] == "iframe"]
        assert frames
        attached = self._browser.call(
            "Target.attachToTarget", targetId=frames[0]["targetId"], flatten=True
        )
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        session = attached["sessionId"]
        told = self._browser.call("Runtime.evaluate", session, expression=script, **options)
        self._browser.call("Target.detachFromTarget", sessionId=session)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    @property
    def text(self) -> str:
        """What is to be read in it."""
        return self.run("document.body?.innerText ?? ''")

    def read(self, text: str) -> None:
        """Wait until that is to be read."""
        self._person.page.wait_for(lambda _: text in self.text, f"text {text!r} in the app")

    def press(self, name: str) -> None:
        """Press the button that is called so, once it is there."""
        found = f"[...document.querySelectorAll('button')].find((e) => e.textContent === {name!r})"
        self._person.page.wait_for(lambda _: self.run(f"Boolean({found})"), f"button {name!r}")
        self.run(f"{found}.click()")

    def fill(self, name: str, value: str) -> None:
        """Write into the field of that name."""
        field = f"document.querySelector('[name={name}]')"
        self._person.page.wait_for(lambda _: self.run(f"Boolean({field})"), f"field {name!r}")
        self.run(f"{field}.value = {value!r}")

    def drop(self, name: str, content: str) -> None:
        """Let go of a file over it."""
        self.run(
            "(() => { const given = new DataTransfer();"
            f"given.items.add(new File([{content!r}], {name!r}, {{ type: 'text/plain' }}));"
            "document.querySelector('.drop').dispatchEvent(new DragEvent('drop',"
            "{ dataTransfer: given, cancelable: true })); })()"
        )
