"""Probes: `/health` while the process lives, `/ready` while it can serve."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import FastMCP
from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.http.application.health import health_routes

from .reached import at


def test_a_served_process_is_healthy_and_ready() -> None:
    """Both say so, to GET and to HEAD, and nothing in between keeps it."""
    mcp = FastMCP("shop", version="2.5")

    with at(mcp.http_app(health=True)) as client:
        health, ready = client.get("/health"), client.get("/ready")
        heads = client.head("/health"), client.head("/ready")
        posted = client.post("/health")

    assert (health.status_code, ready.status_code) == (200, 200)
    assert health.json() == {"status": "healthy", "server": "shop", "version": "2.5"}
    assert ready.json() == {"status": "ready"}
    for each in (health, ready, *heads):
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["content-type"] == "application/json"
    assert [(head.status_code, head.content) for head in heads] == [(200, b""), (200, b"")]
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")


def test_a_server_whose_lifespan_does_not_run_is_alive_and_not_ready() -> None:
    """As an application that was mounted without it, before its first request."""
    mcp = FastMCP("shop")

    with at(Starlette(routes=[Mount("/x", mcp.http_app(health=True))]), "/x") as client:
        health, ready = client.get("/health"), client.get("/ready")

    assert (health.status_code, ready.status_code) == (200, 503)
    assert ready.json()["status"] == "unavailable"
    assert ready.json()["reason"].startswith("The server's lifespan is not running")


async def _never() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            StoreUnavailable("redis://secret"),
            "The store of this server cannot be reached; try again",
        ),
        (RuntimeError("secret"), "The check of readiness failed: RuntimeError"),
        (None, "The session store did not answer within 0.1 seconds"),
    ],
    ids=["unreachable", "broken", "silent"],
)
def test_what_the_server_needs_has_to_answer(fault: Exception | None, reason: str) -> None:
    """503 with the reason until it does; it is asked each time."""
    mcp = FastMCP("shop")
    broken = True

    async def check() -> None:
        if broken and fault is None:
            await _never()
        elif broken and fault is not None:
            raise fault

    def lifespan(app: Any) -> Any:
        return mcp.lifespan.use()

    with at(Starlette(routes=health_routes(mcp, check, patience=0.1), lifespan=lifespan)) as client:
        before = client.get("/ready")
        broken = False
        after = client.get("/ready")

    assert (before.status_code, before.json()) == (
        503,
        {"status": "unavailable", "reason": reason},
    )
    assert (after.status_code, after.json()) == (200, {"status": "ready"})
