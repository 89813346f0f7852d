"""Links that have a program ask its user whether a server is to be installed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from fastmcp.exceptions import ConfigurationError

from .launching import Server
from .programs.description import usual_entry
from .programs.goose import DESCRIPTION
from .refusing import refuse_shell

PATIENCE: Final = 10.0
"""How many seconds the desktop may take to open a link; what takes longer has begun to."""
_LINK = re.compile(r"(?:cursor|goose)://[\w.~%&=?/-]+", re.ASCII)


def cursor_link(server: Server) -> str:
    """The link for Cursor: the entry, as JSON in base 64.

    Raises:
        ConfigurationError: a path in it could be taken for a shell's.
    """
    refuse_shell(server.paths, "a link")
    entry = json.dumps(usual_entry(server.name, server.launch), separators=(",", ":"))
    config = base64.urlsafe_b64encode(entry.encode()).decode()
    return _checked(
        "cursor://anysphere.cursor-deeplink/mcp/install"
        f"?name={_quoted(server.name)}&config={config}"
    )


def goose_link(server: Server) -> str:
    """The link for Goose, which starts only commands that it knows, such as `uvx`.

    Raises:
        ConfigurationError: the environment has variables, or a project, which cannot be in it; or a
            path in it could be taken for a shell's.
    """
    if server.launch.env:
        raise ConfigurationError(
            "a link for Goose cannot have variables of the environment; --config-path writes its "
            "file instead"
        )
    if "--project" in server.packages:
        raise ConfigurationError(
            "a link for Goose cannot have a project; --config-path writes its file instead"
        )
    refuse_shell(server.paths, "a link")
    identifier = re.sub(r"[^a-z0-9]+", "-", server.name.lower()).strip("-") or "fastmcp-server"
    parts = [
        ("cmd", "uvx"),
        *(("arg", each) for each in _uvx_arguments(server)),
        ("id", identifier),
        ("name", server.name),
        ("description", DESCRIPTION),
    ]
    return _checked("goose://extension?" + "&".join(f"{k}={_quoted(v)}" for k, v in parts))


def _uvx_arguments(server: Server) -> Sequence[str]:
    """What `uvx` needs in order to do what `uv run` would: `--from` says whose command is run."""
    from fastmcp.configuration.installed import requirement_of_itself

    itself = requirement_of_itself()
    rest = list(server.packages)
    for at in range(len(rest) - len(itself) + 1):
        if tuple(rest[at : at + len(itself)]) == itself:
            del rest[at : at + len(itself)]
            break
    return ("--from", itself[1], *rest, "fastmcp", *server.run)


def open_link(link: str) -> bool:
    """Have the desktop open a link, without a shell; whether there is one that does."""
    _checked(link)
    if sys.platform == "win32":
        try:
            os.startfile(link)
        except OSError:
            return False
        return True
    if sys.platform == "darwin":
        return _runs("open", link)
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    return any(os.environ.get(name) for name in displays) and _runs("xdg-open", link)


def _runs(*command: str) -> bool:
    quiet = subprocess.DEVNULL
    try:
        opener = subprocess.Popen(
            command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        return opener.wait(PATIENCE) == 0
    return True


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _checked(link: str) -> str:
    if not _LINK.fullmatch(link):
        raise ConfigurationError(f"{link!r} is no link of a program that is known")
    return link
