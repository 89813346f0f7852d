"""The code of the pages is that of the guide, which is tested."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _weave() -> ModuleType:
    spec = importlib.util.spec_from_file_location("weave", ROOT / "docs" / "weave.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


weave = _weave()
PAGES: dict[str, str] = {
    str(path.relative_to(ROOT)): path.read_text("utf-8") for path in weave.pages()
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_code_of_the_guide(name: str) -> None:
    """As it stands there now; `python3 dev.py docs` brings it up to date."""
    assert PAGES[name] == weave.woven(PAGES[name]), "run `python3 dev.py docs`"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_code_of_its_own(name: str) -> None:
    """Every Python block says where it comes from."""
    page = PAGES[name]

    assert len(re.findall(r"^ *```py", page, re.M)) == len(weave.shown(page))


def test_every_snippet_is_shown_once() -> None:
    """What nobody reads is no snippet, and nothing is told twice."""
    guide = sorted((ROOT / "tests" / "guide").glob("test_*.py"))
    there = {
        (str(path.relative_to(ROOT)), name): 1
        for path in guide
        for name in weave.snippets(path.read_text("utf-8"))
    }
    shown = Counter(place for page in PAGES.values() for place in weave.shown(page))

    assert there == shown
    assert there


@pytest.mark.parametrize("name", [name for name in PAGES if weave.shown(PAGES[name])])
def test_the_code_of_a_page_is_one_program(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks run, one after the other, and what they assert is so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEATHER_URL", "http://127.0.0.1/now")
    monkeypatch.setenv("REQUEST_STATE_KEY", "k" * 64)
    monkeypatch.setenv("NIGHTLY_SECRET", "a secret of a job that nobody guesses")
    monkeypatch.setenv("OAUTH_KEY", "bm90IHNlY3JldCwgYmVjYXVzZSBpdCBpcyBhIHRlc3Q=")
    monkeypatch.setenv("FASTMCP_HOME", str(tmp_path))
    code = "".join(block for *_, block in weave.BLOCK.findall(PAGES[name]))
    # What awaits is shown without the coroutine that it has to stand in.
    body = "async def page():\n" + indent(code, "    ")
    scope: dict[str, Any] = {"url": "http://127.0.0.1:9/mcp"}

    exec(compile(body, name, "exec", dont_inherit=True), scope)
    with same_logging():
        asyncio.run(scope["page"]())


@contextmanager
def same_logging() -> Generator[None]:
    """Undo what a page sets up for the process that it would be."""
    logger = logging.getLogger("fastmcp")
    before = logger.level, logger.propagate, list(logger.handlers)
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
        logger.handlers[:] = before[2]


@pytest.mark.parametrize(
    "source",
    ["# snippet: a\nx\n", "# snippet: a\n# snippet: b\n# end\n", 2 * "# snippet: a\n# end\n"],
)
def test_a_snippet_that_does_not_end_is_refused(source: str) -> None:
    """And so is one that has the name of another."""
    with pytest.raises(ValueError, match="its name is not its own"):
        weave.snippets(source)
