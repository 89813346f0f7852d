"""`python -m examples.indexer http`, `stdio` or `api`."""

from __future__ import annotations

import argparse
import sys

from fastmcp.exceptions import ConnectFailed


def main() -> None:
    """Serve the index in the way that was asked for."""
    parser = argparse.ArgumentParser(prog="indexer", description="Serve a document index.")
    parser.add_argument("way", choices=["http", "stdio", "api"], help="how it is served")
    parser.add_argument("--host", default="127.0.0.1", help="where http and api listen")
    parser.add_argument("--port", type=int, default=8000, help="where http and api listen")
    options = parser.parse_args()
    if options.way == "http":
        from .server import mcp

        mcp.run("http", host=options.host, port=options.port)
    elif options.way == "api":
        import uvicorn

        from .api import app

        uvicorn.run(app, host=options.host, port=options.port)
    else:
        from .stdio import mcp

        try:
            mcp.run("stdio")
        except ConnectFailed as error:
            start = "start it with `python -m examples.indexer http`"
            sys.exit(f"The index is not being served ({error}); {start}, or set INDEXER_URL")


if __name__ == "__main__":
    main()
