"""Processes that should have ended with those who started them."""

from __future__ import annotations

from pathlib import Path


def strays(folder: Path) -> list[str]:
    """The command lines that name the folder of the soak."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(f"{folder}/" in word for word in words):
            found.append(" ".join(words).strip())
    return found
