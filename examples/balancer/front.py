"""One server before several: python front.py PORT BACKEND..."""

import sys
from typing import Any

from fastmcp.proxy import HealthPolicy, ServerProxy

PORT, *URLS = sys.argv[1:] or ["8000", "http://127.0.0.1:8001/mcp", "http://127.0.0.1:8002/mcp"]

proxy = ServerProxy(
    "Translators",
    backends=URLS,
    strategy="least_connections",
    health=HealthPolicy(interval=1, timeout=2, failures=1, backoff=0.2, max_backoff=2),
)


# What the front has itself, it does itself.
@proxy.tool
def backends() -> list[dict[str, Any]]:
    """How the backends are."""
    return [{"name": each.name, "state": each.state} for each in proxy.backends]


if __name__ == "__main__":
    proxy.run("http", port=int(PORT))
