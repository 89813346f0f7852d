"""The command in an environment that uv made, run as a file: there, another distribution may have
put its own files in the place of this package's. Knows only the standard library before that is
ruled out.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution

OURS = "peregrine-mcp"
THEIRS = "fastmcp"


def main() -> int:
    """Run the command, unless the environment has the other distribution as well."""
    if _place(OURS) == _place(THEIRS) is not None:
        print(
            f"fastmcp: something that was asked for requires the distribution {THEIRS}, whose "
            f"files take the place of {OURS}'s; in a folder of `fastmcp project prepare` it is "
            "left out",
            file=sys.stderr,
        )
        return 1
    from fastmcp.cli import main

    return main()


def _place(name: str) -> str | None:
    try:
        return str(distribution(name).locate_file(""))
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
