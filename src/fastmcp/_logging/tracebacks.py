"""Tracebacks that begin where somebody can do something about them."""

from __future__ import annotations

import os
from types import TracebackType

_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_PYTHONS = os.path.join(os.path.dirname(os.__file__), "")
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


def exc_info_of(
    error: BaseException,
) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """What to log of an error of somebody's function: with the traceback from there on, without
    the frames of ours that called it. All of it, where the function cannot be told from a library.
    """
    head = error.__traceback__
    while head is not None and _is_of_a_library(head.tb_frame.f_code.co_filename):
        head = head.tb_next
    return type(error), error, head or error.__traceback__


def _is_of_a_library(file: str) -> bool:
    if file.startswith((_OURS, _PYTHONS, "<frozen ")):
        return True
    return any(folder in file for folder in _INSTALLED)
