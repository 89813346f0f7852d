"""What a server asks its user, asked on the terminal."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..terminal import shown, shown_in_line
from .waiting import Waiting

if TYPE_CHECKING:
    from fastmcp.client.elicitation import ElicitRequestParams, ElicitResult, RequestContext

_YES: Final = ("y", "yes", "true")
_NO: Final = ("n", "no", "false")
_LONGEST: Final = 64 * 1024


class Questions:
    """Answers elicitation by asking whoever sits at the terminal; where nobody does, it is
    cancelled, and said so.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._one = asyncio.Lock()

    async def answer(
        self,
        message: str,
        form: type[Any] | None,
        params: ElicitRequestParams,
        context: RequestContext,
    ) -> ElicitResult[Any]:
        """The user's answer."""
        from fastmcp.client.elicitation import ElicitResult

        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            self._waiting.say(
                f"fastmcp: the server asks {message!r}, which is cancelled: "
                "there is no terminal to answer on"
            )
            return ElicitResult(action="cancel")
        async with self._one:
            with self._waiting.asking():
                who = context.session.server_info.name
                _tell(f"\n{shown_in_line(who)} asks: {shown(message)}")
                try:
                    if params.url is not None:
                        return await _visit(params.url)
                    return await _fill_in(params.requested_schema or {})
                except EOFError:
                    _tell("\ncancelled")
                    return ElicitResult(action="cancel")


async def _visit(url: str) -> ElicitResult[Any]:
    """Have a page opened, if the user agrees to that."""
    from fastmcp.client.auth.browser import checked_page, has_browser, open_browser
    from fastmcp.client.elicitation import ElicitResult
    from fastmcp.exceptions import OAuthFlowError

    _tell(f"  {shown_in_line(url)}")
    try:
        checked_page(url)
    except OAuthFlowError as error:
        _tell(f"declined: {error}")
        return ElicitResult(action="decline")
    if not await _agreed("Open this page?"):
        return ElicitResult(action="decline")
    if not has_browser() or not await open_browser(url):
        _tell("No browser could be started: open the page yourself")
    return ElicitResult(action="accept")


async def _fill_in(form: Mapping[str, Any]) -> ElicitResult[Any]:
    from fastmcp.client.elicitation import ElicitResult
    from fastmcp.client.forms import members_of

    members = members_of(form)
    if not members:
        return ElicitResult(action="accept" if await _agreed("Agree?") else "decline")
    _tell("(an empty line leaves out what may be left out; Ctrl-D cancels)")
    required = form.get("required") or ()
    content: dict[str, Any] = {}
    for name, member in members.items():
        value = await _member(name, member, name in required)
        if value is not None:
            content[name] = value
    if not await _agreed("Send this answer?", default=True):
        return ElicitResult(action="decline")
    return ElicitResult(action="accept", content=content)


async def _member(name: str, member: Mapping[str, Any], is_required: bool) -> Any:
    """The value of a member, asked for until it fits; None for none."""
    from fastmcp.client.forms import completed

    for line in _described(member):
        _tell(f"  {line}")
    default = member.get("default")
    hint = "" if default is None else f" [{shown_in_line(_as_text(default))}]"
    optional = "" if is_required or default is not None else " (optional)"
    prompt = f"{shown_in_line(str(member.get('title') or name))}{optional}{hint}: "
    while True:
        text = (await _ask(prompt)).strip()
        if not text and (default is not None or not is_required):
            return default
        try:
            value = _read(member, text)
            return completed({"properties": {name: member}, "required": [name]}, {name: value})[
                name
            ]
        except ValueError as error:
            _tell(f"  {shown_in_line(str(error).partition(': ')[2] or str(error))}")


def _described(member: Mapping[str, Any]) -> list[str]:
    """The lines that tell what a member is, with the numbers of its choices."""
    lines = [shown_in_line(str(member["description"]))] if member.get("description") else []
    for number, (value, title) in enumerate(_choices(member), 1):
        lines.append(f"{number}. {shown_in_line(title or _as_text(value))}")
    if member.get("type") == "array":
        lines.append("(any number of them, with commas between)")
    elif member.get("type") == "boolean":
        lines.append("(y or n)")
    elif member.get("type") not in ("string", None) or "format" in member:
        lines.append(f"({shown_in_line(str(member.get('format') or member['type']))})")
    return lines


def _choices(member: Mapping[str, Any]) -> list[tuple[Any, str | None]]:
    """The values that are chosen from, with their titles."""
    from fastmcp.client.forms import choices_of

    of: Mapping[str, Any] = member.get("items") or member
    titled: list[Any] = of.get("oneOf") or of.get("anyOf") or []
    titles = of.get("enumNames") or [each.get("title") for each in titled]
    values = choices_of(of)
    return list(zip(values, [*titles, *[None] * len(values)], strict=False))


def _read(member: Mapping[str, Any], text: str) -> Any:
    """What a text means to a member.

    Raises:
        ValueError: nothing.
    """
    choices = _choices(member)
    kind = member.get("type")
    if kind == "array":
        return [_chosen(choices, each.strip()) for each in text.split(",") if each.strip()]
    if choices:
        return _chosen(choices, text)
    if kind == "boolean":
        if text.lower() not in (*_YES, *_NO):
            raise ValueError("answer y or n")
        return text.lower() in _YES
    try:
        return int(text) if kind == "integer" else float(text) if kind == "number" else text
    except ValueError:
        raise ValueError(f"{text!r} is not {kind}") from None


def _chosen(choices: list[tuple[Any, str | None]], text: str) -> Any:
    """A choice by its value, its title or its number; any text where there are none."""
    for value, title in choices:
        if text in (_as_text(value), title):
            return value
    if text.isdecimal() and 0 < int(text) <= len(choices):
        return choices[int(text) - 1][0]
    return text


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_as_text(each) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return str(value)


async def _agreed(question: str, *, default: bool = False) -> bool:
    while True:
        text = (await _ask(f"{question} [{'Y/n' if default else 'y/N'}] ")).strip().lower()
        if text in ("", *_YES, *_NO):
            return text in _YES or (default and not text)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def _ask(prompt: str) -> str:
    """A line from standard input.

    It is read in a thread that nobody waits for, so that an interrupt ends it all.

    Raises:
        EOFError: there is no more.
    """
    sys.stderr.write(prompt)
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    threading.Thread(target=_read_line, args=(loop, answer), daemon=True).start()
    line = await answer
    if not line:
        raise EOFError
    return line.decode(sys.stdin.encoding, "replace")


def _read_line(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[bytes]) -> None:
    line = os.read(sys.stdin.fileno(), _LONGEST)  # a terminal gives a line at a time

    def give() -> None:
        if not answer.done():
            answer.set_result(line)

    if not loop.is_closed():
        loop.call_soon_threadsafe(give)
