"""The words of what is logged, whatever they come from."""

from __future__ import annotations

INDENT = "    "


def words_of(said: object) -> str:
    """The text of an exception, say; its type where it has none, or cannot tell."""
    try:
        return str(said) or type(said).__name__
    except Exception:
        return type(said).__name__


def one_line(text: str) -> str:
    """A text whose line ends and other control characters are spelt out."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def indented(text: str) -> str:
    """A text whose later lines are indented, so that none of them passes for another record;
    control characters are spelt out, as they would be commands to a terminal.
    """
    if text.isprintable():
        return text
    return f"\n{INDENT}".join(one_line(line) for line in text.rstrip("\n").splitlines())
