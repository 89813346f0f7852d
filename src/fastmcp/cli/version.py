"""`fastmcp version`: what runs here."""

from __future__ import annotations

import argparse

from .parsing import show_examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument("--copy", action="store_true", help="put it on the clipboard instead")
    parser.set_defaults(act=act)
    show_examples(parser, "fastmcp version", "fastmcp version --json")


def act(options: argparse.Namespace) -> int:
    """Print the versions, or copy them."""
    versions = _versions()
    if options.json:
        import json

        text = json.dumps(versions, indent=2)
    else:
        width = max(map(len, versions)) + 1
        text = "\n".join(f"{f'{name}:':<{width}} {value}" for name, value in versions.items())
    if options.copy:
        from .install.clipboard import copy

        copy(text)
        print("copied")
    else:
        print(text)
    return 0


def _versions() -> dict[str, str]:
    import platform
    from pathlib import Path

    import fastmcp
    from fastmcp._version import VERSION
    from fastmcp.wire.revisions import LATEST_MODERN

    packages = {name: _version(name) for name in ("msgspec", "pydantic", "starlette", "uvicorn")}
    return {
        "peregrine-mcp": VERSION,
        "MCP": LATEST_MODERN.text,
        **packages,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "Platform": platform.platform(),
        "Path": str(Path(fastmcp.__file__).parent),
    }


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "missing"
