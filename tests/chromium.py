"""A real Chromium without a window, and people who use it: each has cookies of their own.

It is driven by its own protocol, over a pipe: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from deploying import installed
from processes import SECONDS

T = TypeVar("T")
STEP = 0.05
OPTIONS = [
    "--headless=new",
    "--no-sandbox",  # a container's root has none; every page here is of a test
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-pipe",
]
CENTRE = """function () {
  this.scrollIntoView({block: 'center'});
  const box = this.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


class Chromium:
    """A running browser."""

    def __init__(self, process: subprocess.Popen[bytes], asks: int, answers: int) -> None:
        self._process, self._asks, self._answers = process, asks, answers
        self._read = bytearray()
        self._number = 0
        self._outcomes: dict[int, Any] = {}
        self._hearers: dict[str, Callable[[str, Any], None]] = {}

    def call(self, method: str, session: str | None = None, /, **params: Any) -> Any:
        """What a method of the protocol returns."""
        number = self.ask(method, session, **params)
        outcome = self.until(lambda: self._outcomes.pop(number, None), method)
        assert "result" in outcome, (method, params, outcome)
        return outcome["result"]

    def ask(self, method: str, session: str | None = None, /, **params: Any) -> int:
        """Call a method, and do not wait; the number of the call."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._asks, json.dumps(message).encode() + b"\0")
        return self._number

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        """The first outcome of a condition that is true, while the browser is listened to."""
        deadline = time.monotonic() + SECONDS
        while not (value := condition()):
            assert time.monotonic() < deadline, f"the browser: no {what} in time"
            self._listen()
        return value

    def _listen(self) -> None:
        if not select.select([self._answers], [], [], STEP)[0]:
            return
        chunk = os.read(self._answers, 1 << 20)
        assert chunk, f"the browser ended with {self._process.wait(SECONDS)}"
        self._read += chunk
        *messages, rest = bytes(self._read).split(b"\0")
        self._read[:] = rest
        for message in map(json.loads, messages):
            if "id" in message:
                self._outcomes[message["id"]] = message
            elif hearer := self._hearers.get(message.get("sessionId", "")):
                hearer(message["method"], message["params"])

    @contextmanager
    def person(self) -> Generator[Page]:
        """Somebody with a page, and with cookies that nobody else has."""
        who = self.call("Target.createBrowserContext")["browserContextId"]
        try:
            yield self._page(who)
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=who)

    def read_target(self, target: str) -> str:
        """The text of a document that the browser has somewhere."""
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        script = "document.body ? document.body.innerText : ''"
        found = self.call("Runtime.evaluate", session, expression=script, returnByValue=True)
        self.call("Target.detachFromTarget", sessionId=session)
        return found["result"]["value"]

    def _page(self, who: str) -> Page:
        made = self.call("Target.createTarget", url="about:blank", browserContextId=who)
        target = made["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"], who)
        self._hearers[attached["sessionId"]] = page._hear
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            page.call(f"{domain}.enable")
        return page


class Page:
    """A tab. What scripts could do in it is kept: `alerts`, `asked` (every URL that it loaded, or
    tried to) and `complaints` (what its console shows, but for statuses of answers).
    """

    def __init__(self, browser: Chromium, session: str, who: str) -> None:
        self._browser, self._session, self._who = browser, session, who
        self.alerts: list[str] = []
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}
        self._loads = 0

    def call(self, method: str, **params: Any) -> Any:
        """What a method of the protocol returns for this tab."""
        return self._browser.call(method, self._session, **params)

    def _hear(self, method: str, params: Any) -> None:
        if method == "Page.javascriptDialogOpening":
            self.alerts.append(params["message"])
            self._browser.ask("Page.handleJavaScriptDialog", self._session, accept=True)
        elif method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Network.responseReceived" and params["type"] == "Document":
            answer = params["response"]
            headers = {name.lower(): value for name, value in answer["headers"].items()}
            self.answers[answer["url"]] = (answer["status"], headers)
        elif method == "Log.entryAdded" and params["entry"]["source"] != "network":
            self.complaints.append(params["entry"]["text"])

    def open(self, url: str) -> None:
        """Go there, as from the address bar."""
        before = self._loads
        self.call("Page.navigate", url=url)
        self._browser.until(lambda: self._loads > before, f"page {url}")

    def run(self, script: str) -> Any:
        """The value of an expression, in the page."""
        options = {"returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", expression=script, **options)["result"].get("value")

    @property
    def url(self) -> str:
        """Where it is."""
        return self.run("location.href")

    @property
    def text(self) -> str:
        """What a person reads on it."""
        return self.run("document.body ? document.body.innerText : ''") or ""

    @property
    def source(self) -> str:
        """Its document as it is now."""
        return self.run("document.documentElement.outerHTML") or ""

    @property
    def cookies(self) -> list[dict[str, Any]]:
        """Everything that this person's browser keeps."""
        found = self._browser.call("Storage.getCookies", browserContextId=self._who)
        return found["cookies"]

    def frames(self) -> list[str]:
        """What a person reads in each frame of another site."""
        known = self._browser.call("Target.getTargets")["targetInfos"]
        return [
            self._browser.read_target(each["targetId"])
            for each in known
            if each["type"] == "iframe" and each["browserContextId"] == self._who
        ]

    def wait_for(self, condition: Callable[[Page], Any], what: str) -> None:
        """Until something is so; what is asked while a page goes away is asked again."""

        def so() -> Any:
            with suppress(AssertionError):
                return condition(self)

        try:
            self._browser.until(so, what)
        except AssertionError:
            raise AssertionError(f"no {what} at {self.url}:\n{self.text}") from None

    def read(self, text: str) -> None:
        """Wait until that is to be read."""
        self.wait_for(lambda page: text in page.text, f"text {text!r}")

    def at(self, prefix: str) -> None:
        """Wait until it is there, and all of it."""
        there = "document.readyState == 'complete' ? location.href : ''"
        self.wait_for(lambda page: page.run(there).startswith(prefix), f"page {prefix}")

    def fill(self, selector: str, text: str) -> None:
        """Write into a field."""
        self.call("DOM.focus", objectId=self._found(selector))
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of something, wherever that leads."""
        spot = self.call(
            "Runtime.callFunctionOn",
            objectId=self._found(selector),
            functionDeclaration=CENTRE,
            returnByValue=True,
        )["result"]["value"]
        mouse = {"x": spot[0], "y": spot[1], "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **mouse)

    def _found(self, selector: str) -> str:
        script = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(lambda page: page.run(f"{script} !== null"), f"element {selector}")
        return self.call("Runtime.evaluate", expression=script)["result"]["objectId"]


def _pipe() -> list[int]:
    """A pipe whose ends are in nobody's way."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return ends


@contextmanager
def chromium() -> Generator[Chromium]:
    """Run it, with a profile that is thrown away."""
    program = installed("chromium", "chromium")
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    asked, asks = _pipe()
    answers, answered = _pipe()
    # The browser reads what it is asked from descriptor 3, and answers on 4.
    command = ["bash", "-c", f'exec "$@" 3<&{asked} 4>&{answered}', "bash", program, *OPTIONS]
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            env={**os.environ, "HOME": str(profile)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(asked, answered),
            start_new_session=True,
        )
    os.close(asked)
    os.close(answered)
    try:
        yield Chromium(process, asks, answers)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(asks)
        os.close(answers)
        shutil.rmtree(profile, ignore_errors=True)
