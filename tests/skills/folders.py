"""Folders of skills for tests."""

from __future__ import annotations

from pathlib import Path

MAIN = """---
name: pdf
description: Reads PDF files.
license: MIT
metadata: {author: Ada, "version": "1.0"}
levels: [1, 2.5, ~, true]
allowed-tools: Bash(python:*) Read
---

# PDF

Run scripts/read.py.\r
"""
LOGO = b"\x89PNG\0\xff"
FILES: dict[str, str | bytes] = {
    "SKILL.md": MAIN,
    "scripts/read.py": "print('é')\r\n",
    "scripts/old/run me.sh": "echo",
    "logo.png": LOGO,
    "latin.txt": b"caf\xe9",
}


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    """The folder, with files by their paths in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def main(name: str, description: str = "Does things.") -> str:
    """The main file of a small skill."""
    return f"---\nname: {name}\ndescription: {description}\n---\n# {name}\n"
