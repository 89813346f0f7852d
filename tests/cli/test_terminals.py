"""Commands that ask and show, on a real terminal: with rich, and as if it were not installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tmux import fastmcp_on_terminal

COLOUR = "\x1b["
BOTH = pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])


@BOTH
@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["list"], ["shop 1", "greet(name: string, times: integer = 1)", "user://{id}"]),
        (["list", "--json", "--prompts"], ['"name": "ask"']),
        (["call", "details", 'value={"color": "red"}'], ['{\n  "color": "red"\n}']),
        (["call", "greet", "name=Ada", "--json"], ['"text": "Hello, Ada!"']),
        (["read", "config://app"], ['"color": "green"']),
        (["prompt", "ask", "topic=tea", "--json"], ['"role": "user"']),
        (["inspect"], ["Name:         shop", "Tools:        8"]),
        (["inspect", "--format", "mcp"], ['"serverInfo": {']),
        (["doctor"], ["0 errors, ", "shop 1 answers"]),
    ],
    ids=str,
)
def test_what_is_shown_has_colours_where_rich_is(
    example: Path, words: list[str], texts: list[str], rich: bool
) -> None:
    """The same texts either way."""
    with fastmcp_on_terminal(*words, cwd=example, rich=rich) as terminal:
        code, screen = terminal.finish()
        styled = terminal.screen(styled=True)

    assert code == 0
    for text in texts:
        assert text in screen
    assert (COLOUR in styled) is rich


@BOTH
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["call", "greet", "name=Ada"], "Hello, Ada!"),
        (["version"], "peregrine-mcp:"),
        (["completion", "bash"], "complete -F _fastmcp fastmcp"),
        (["inspect", "--check"], "tool details: has no description"),
    ],
    ids=str,
)
def test_what_is_copied_or_read_as_it_is_has_none(
    example: Path, words: list[str], text: str, rich: bool
) -> None:
    """Plain texts stay plain."""
    with fastmcp_on_terminal(*words, cwd=example, rich=rich) as terminal:
        _, screen = terminal.finish()
        styled = terminal.screen(styled=True)

    assert text in screen
    assert COLOUR not in styled


@BOTH
def test_what_takes_longer_than_a_second_is_followed(example: Path, rich: bool) -> None:
    """How far it is, on a line that is gone when it is done; log messages stand above it."""
    with fastmcp_on_terminal("call", "brew", "seconds=2", cwd=example, rich=rich) as terminal:
        seen = terminal.wait_for("[######..................]  25%  brewing")
        code, screen = terminal.finish()

    assert "\nbrew  " in seen
    assert (code, screen) == (0, "info: the water is warm\ntea")


def test_a_question_is_answered(example: Path) -> None:
    """By the number or the text of a choice; what does not fit is asked for again."""
    with fastmcp_on_terminal("call", "order", "cups=2", cwd=example) as terminal:
        asked = terminal.wait_for("Value: ".rstrip())
        terminal.type("pink")
        terminal.wait_for("not 'pink'")
        terminal.type("2")
        terminal.wait_for("Send this answer? [Y/n]")
        terminal.type("")
        code, screen = terminal.finish()

    assert "shop asks: Which tea?" in asked
    assert "1. green" in asked and "2. black" in asked
    assert (code, screen.splitlines()[-1]) == (0, "2 black")


@pytest.mark.parametrize(
    ("answers", "result"), [(["1", "n"], "decline"), (["1", "what", "no"], "decline")], ids=str
)
def test_a_question_is_declined(example: Path, answers: list[str], result: str) -> None:
    """At its end, once all of the answer is there to be seen."""
    with fastmcp_on_terminal("call", "order", cwd=example) as terminal:
        terminal.wait_for("Value:")
        for answer in answers:
            terminal.type(answer)
        code, screen = terminal.finish()

    assert (code, screen.splitlines()[-1]) == (0, result)


def test_a_question_is_cancelled_by_the_end_of_the_input(example: Path) -> None:
    """Ctrl-D."""
    with fastmcp_on_terminal("call", "order", cwd=example) as terminal:
        terminal.wait_for("Value:")
        terminal.press("C-d")
        code, screen = terminal.finish()

    assert (code, screen.splitlines()[-1]) == (0, "cancel")


def test_an_interrupt_ends_a_question_and_all(example: Path) -> None:
    """Ctrl-C: exit code 130, and no traceback."""
    with fastmcp_on_terminal("call", "order", cwd=example) as terminal:
        terminal.wait_for("Value:")
        terminal.press("C-c")
        code, screen = terminal.finish()

    assert code == 130
    assert "Traceback" not in screen


FORM = """
from dataclasses import dataclass
from fastmcp import Context, FastMCP

mcp = FastMCP("form")

@dataclass
class Order:
    name: str
    cups: int
    sugar: bool = False
    strength: float = 1.5

@mcp.tool
async def order(ctx: Context) -> str:
    answer = await ctx.elicit("Your order\\x1b[31m?", response_type=Order)
    return f"{answer.data}"

@mcp.tool
async def confirm(ctx: Context) -> str:
    return (await ctx.elicit("Sure?", response_type=None)).action
"""


def test_a_form_is_filled_in(example: Path) -> None:
    """Member by member, with defaults; numbers and yes or no are read as such."""
    example.joinpath("server.py").write_text(FORM)

    with fastmcp_on_terminal("call", "order", cwd=example) as terminal:
        asked = terminal.wait_for("Name:")
        terminal.type("Ada")
        terminal.wait_for("Cups:")
        terminal.type("many")
        terminal.wait_for("'many' is not integer")
        terminal.type("3")
        terminal.wait_for("Sugar [False]:")
        terminal.type("y")
        terminal.wait_for("Strength [1.5]:")
        terminal.type("")
        terminal.wait_for("Send this answer?")
        terminal.type("y")
        code, screen = terminal.finish()

    assert "form asks: Your order\\x1b[31m?" in asked
    assert code == 0
    assert "Order(name='Ada', cups=3, sugar=True, strength=1.5)" in screen


def test_a_question_without_a_form_is_agreed_to(example: Path) -> None:
    """By yes; an empty line is no."""
    example.joinpath("server.py").write_text(FORM)

    for typed, action in (("y", "accept"), ("", "decline")):
        with fastmcp_on_terminal("call", "confirm", cwd=example) as terminal:
            terminal.wait_for("Agree? [y/N]")
            terminal.type(typed)
            assert terminal.finish()[1].splitlines()[-1] == action


def test_a_page_is_opened_only_by_consent(example: Path) -> None:
    """Its whole URL is shown before; where there is no browser, that is said."""
    example.joinpath("server.py").write_text(
        "from fastmcp import Context, FastMCP\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "async def pay(ctx: Context) -> str:\n"
        "    return (await ctx.elicit_url('Pay here', 'https://pay.example/7')).action\n"
    )
    no_browser = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""}

    with fastmcp_on_terminal("call", "pay", cwd=example, env=no_browser) as terminal:
        asked = terminal.wait_for("Open this page? [y/N]")
        terminal.type("y")
        code, screen = terminal.finish()

    assert "  https://pay.example/7\n" in asked
    assert "No browser could be started: open the page yourself" in screen
    assert (code, screen.splitlines()[-1]) == (0, "accept")
