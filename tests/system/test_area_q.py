"""Area Q: several workers, row by row, as far as they share nothing."""

from __future__ import annotations

import asyncio
import signal
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from apps import Mcp, call, initialize, messages
from hosting import (
    ends_in_order,
    has_everything_beside_the_endpoint,
    hosted,
    serves_streamed_calls,
    streamed,
)
from processes import http_server

Script = Callable[..., Path]

COUNTER = """
    import os
    from fastmcp import Context, FastMCP

    mcp = FastMCP("counter")

    @mcp.tool
    def pid() -> int:
        return os.getpid()

    @mcp.tool
    def session(ctx: Context) -> str:
        return str(ctx.session_id)

    PORT = int(os.environ["PORT"])
"""


def source(lines: str) -> str:
    return textwrap.dedent(COUNTER) + textwrap.dedent(lines)


def test_s254_stateless_apps_work_with_any_worker_of_uvicorns(tmp_path: Path) -> None:
    """`uvicorn hosted:app --workers 4`: 50 calls at once all succeed, whoever serves them."""
    arguments = ["hosted:app", "--port", "{port}", "--workers", "4", "--log-level", "warning"]

    async def main(url: str) -> list[int]:
        calls = [streamed(url, "legacy" if n % 2 else "auto") for n in range(50)]
        return [pid for _, pid in await asyncio.gather(*calls)]

    with hosted("uvicorn", arguments, tmp_path) as server:
        pids = asyncio.run(main(server.url))
        assert len(pids) == 50
        assert server.process.pid not in pids
        ends_in_order(server)


@pytest.mark.parametrize("value", ["true", "1"])
def test_s255_the_environment_switches_sessions_off(value: str, script: Script, log: Path) -> None:
    """FASTMCP_STATELESS_HTTP=true hands out no session, as the argument does."""
    program = script(source('mcp.run("http", port=PORT)'))

    with (
        http_server([program], log, env={"FASTMCP_STATELESS_HTTP": value}) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
    ):
        opened = client.post(initialize())
        alone = client.post(call("session"))

    assert opened.status_code == 200
    assert "mcp-session-id" not in opened.headers
    assert messages(alone)[-1]["result"]


def test_s255_an_argument_goes_before_the_environment(script: Script, log: Path) -> None:
    """stateless_http=False hands out sessions all the same."""
    program = script(source('mcp.run("http", port=PORT, stateless_http=False)'))

    with (
        http_server([program], log, env={"FASTMCP_STATELESS_HTTP": "true"}) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
    ):
        assert client.open()["mcp-session-id"]


def test_s260_several_workers_without_a_store_are_stateless_and_work(
    script: Script, log: Path
) -> None:
    """run_http(workers=4) with stateless False: one warning, and never a random 404."""
    run = "mcp.run_http(port=PORT, workers=4, stateless_http=False, log_level='warning')"

    with http_server([script(source(run))], log) as server:
        pids: set[int] = set()
        base = server.url.removesuffix("/mcp")
        for number in range(400):
            with Mcp(base) as client:
                opened = client.post(initialize())
                assert opened.status_code == 200
                assert "mcp-session-id" not in opened.headers
                answer = client.post(call("pid", number))
                assert answer.status_code == 200
                pids.add(int(messages(answer)[-1]["result"]["content"][0]["text"]))
            if len(pids) > 1 and number > 20:
                break
        code = server.stop(signal.SIGTERM)

    assert len(pids) > 1
    assert server.output.count("without a session store") == 1
    assert (code, "Traceback" in server.output) == (0, False)


def test_s261_gunicorn_with_uvicorns_worker_hosts_it(tmp_path: Path) -> None:
    """`gunicorn -k uvicorn_worker.UvicornWorker hosted:mcp`, the server itself."""
    worker = "uvicorn_worker.UvicornWorker"
    arguments = ["hosted:mcp", "-k", worker, "-w", "1", "-b", "{host}:{port}"]

    with hosted("gunicorn", arguments, tmp_path) as server:
        serves_streamed_calls(server)
        has_everything_beside_the_endpoint(server)
        ends_in_order(server)


def test_s261_gunicorns_workers_serve_a_stateless_app(tmp_path: Path) -> None:
    """Two of them, and every call is served by either."""
    worker = "uvicorn_worker.UvicornWorker"
    arguments = ["hosted:app", "-k", worker, "-w", "2", "-b", "{host}:{port}"]

    with hosted("gunicorn", arguments, tmp_path) as server:
        for _ in range(5):
            serves_streamed_calls(server)
        ends_in_order(server)
