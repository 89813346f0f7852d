"""What a command says when it could not do what it was asked."""

from __future__ import annotations

import os
import sys

from fastmcp.exceptions import ConfigurationError, FastMCPError

from . import USAGE
from .terminal import shown


class WrongUsage(ConfigurationError):
    """The command line makes no sense, in a way that its parser could not see."""


def told(error: Exception) -> int:
    """Say what went wrong, in a line; the exit code. What nobody foresaw is raised again."""
    if isinstance(error, BrokenPipeError):
        # Nobody reads on; what is left unwritten shall not be tried at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if not isinstance(error, (FastMCPError, ValueError, TypeError, OSError)):
        raise error
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = _without_number(error)
    print(f"fastmcp: {shown(text)}", file=sys.stderr)
    return USAGE if isinstance(error, WrongUsage) else 1


def _without_number(error: OSError) -> str:
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        return "the current folder is gone; go to one that is there"
    return error.strerror or str(error)


def _folder_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
