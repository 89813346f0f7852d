"""A server that wants a signed token for each call: the same source for every FastMCP.

auth_app.py PUBLIC_KEY_FILE [--loop …] [--http …]
"""

import argparse
from pathlib import Path

from serve import add_options, serve

from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import JWTVerifier

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("key", type=Path)
add_options(parser)
options = parser.parse_args()

mcp = FastMCP(
    "bench",
    auth=JWTVerifier(
        public_key=options.key.read_text(),
        issuer="https://issuer.example.com",
        audience="https://mcp.example.com/mcp",
    ),
)


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


serve(mcp.http_app(stateless_http=True, json_response=True), options)
