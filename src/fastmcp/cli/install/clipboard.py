"""The clipboard of the desktop."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from fastmcp.exceptions import ConfigurationError

_PROGRAMS: Final = (
    ("pbcopy",),
    ("clip.exe",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
)


def copy(text: str) -> None:
    """Put a text there.

    Raises:
        ConfigurationError: there is no program that does.
    """
    for name, *arguments in _PROGRAMS:
        if (found := shutil.which(name)) is None:
            continue
        encoding = "utf-16" if name == "clip.exe" else "utf-8"
        done = subprocess.run(
            [found, *arguments],
            input=text.encode(encoding),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            return
    raise ConfigurationError(
        "nothing here copies to a clipboard: install wl-clipboard or xclip, or leave --copy away"
    )
