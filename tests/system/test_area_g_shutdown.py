"""Area G: row S132 under load: what a signal does to many calls and streams at once."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, enveloped, initialize, modern_headers, request
from processes import HttpServer, free_port, http_server, run_python, stdio_server

SERVER = """
    import asyncio, os
    from contextlib import asynccontextmanager
    from fastmcp import FastMCP

    @asynccontextmanager
    async def lifespan(server):
        yield {}
        print("lifespan ended", flush=True)

    mcp = FastMCP("loaded", lifespan=lifespan)
    begun = 0

    def began():
        global begun
        begun += 1
        print(f"began {begun};", flush=True)

    @mcp.tool
    async def due() -> str:
        began()
        while not os.path.exists(os.environ["DUE"]):
            await asyncio.sleep(0.01)
        return "due"

    @mcp.tool
    async def endless() -> str:
        began()
        await asyncio.sleep(600)
        return "never"

    @mcp.custom_route("/slow", methods=["GET"])
    async def slow(request):
        began()
        await asyncio.sleep(600)

    PORT = int(os.environ.get("PORT", 0))
"""
GRACE = 1.5
SERVE = f"""
    mcp.run_http(port=PORT, log_level="warning", timeout_graceful_shutdown={GRACE})
    print("over", flush=True)
"""
WAITING = """
    @asynccontextmanager
    async def waiting(server):
        open(os.environ["BEGAN"], "w").close()
        try:
            await asyncio.sleep(600)
            yield {}
        finally:
            print("gave up", flush=True)

    import signal, threading, time

    def interrupt():
        while not os.path.exists(os.environ["BEGAN"]):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt).start()
    FastMCP("waiting", lifespan=waiting).run_http(port=PORT)
    print("over", flush=True)
"""
STDIO = "\n    mcp.run(timeout_graceful_shutdown=1.0)\n"

Script = Callable[..., Path]


class Exchange:
    """One HTTP request on a connection of its own, and all that comes back."""

    def __init__(self, port: int, method: str, path: str, headers: dict[str, str], body: Any):
        self._port = port
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"host: 127.0.0.1:{port}",
            "accept: application/json, text/event-stream",
            "content-type: application/json",
            "connection: close",
            f"content-length: {len(content)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._request = "\r\n".join(lines).encode() + b"\r\n\r\n" + content
        self.raw = b""

    async def begin(self) -> Exchange:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self._request)
        return self

    async def headed(self) -> None:
        """Wait for the head of the response."""
        self.raw += await self._reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> str:
        """Wait until the server closes the connection; all that it sent."""
        try:
            self.raw += await self._reader.read()
        except ConnectionError:
            self.raw += b"<reset>"
        self._writer.close()
        return self.raw.decode()


def fate(raw: str) -> str:
    """What became of a call: its value, its error, or that it was torn."""
    data = raw.partition("\r\n\r\n")[2]
    if '"text":"due"' in data:
        return "due"
    if '"error":{' in data and "stopping" in data:
        return "error"
    return f"torn: {raw!r}"


def is_whole(raw: str) -> bool:
    """Whether a stream ended as HTTP says, rather than being cut off."""
    return raw.endswith("0\r\n\r\n")


def calls(port: int, tool: str, session: dict[str, str], count: int) -> list[Exchange]:
    """So many calls: in a session, alone, and in the modern way, in turn."""
    made: list[Exchange] = []
    for number in range(count):
        message = call(tool, f"{tool}-{number}")
        headers = [session, {}, modern_headers(message)][number % 3]
        body = enveloped(message) if number % 3 == 2 else message
        made.append(Exchange(port, "POST", "/mcp", headers, body))
    return made


async def streams(server: HttpServer, count: int) -> list[Exchange]:
    """So many streams that listen, one half of sessions and the other one modern."""
    listen = request("subscriptions/listen", 1, notifications={"toolsListChanged": True})
    headers = modern_headers(listen)
    made = [
        Exchange(server.port, "POST", "/mcp", headers, enveloped(listen)) for _ in range(count // 2)
    ]
    with Mcp(server.url.removesuffix("/mcp")) as client:
        for _ in range(count - count // 2):
            made.append(Exchange(server.port, "GET", "/mcp", client.open(), None))
    for stream in made:
        await stream.begin()
        await stream.headed()
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_s132_a_hundred_calls_and_streams_end_by_the_deadline(
    number: signal.Signals, script: Script, log: Path, tmp_path: Path
) -> None:
    """What is due before the deadline is answered, the rest gets an error, streams end as streams
    do; the exit code is 0 and there is no traceback.
    """
    flag = tmp_path / "due"

    async def main(server: HttpServer) -> tuple[list[str], list[str]]:
        with Mcp(server.url.removesuffix("/mcp")) as client:
            session = client.open()
        listening = await streams(server, 100)
        asked = [
            *calls(server.port, "due", session, 50),
            *calls(server.port, "endless", session, 49),
            Exchange(server.port, "GET", "/slow", {}, None),
        ]
        for each in asked:
            await each.begin()
        await asyncio.to_thread(server.wait_for, "began 100;")
        server.process.send_signal(number)
        ended = await asyncio.gather(*(each.rest() for each in listening))
        flag.touch()  # after the signal, and before the deadline
        return ended, await asyncio.gather(*(each.rest() for each in asked))

    with http_server([script(SERVER + SERVE)], log, env={"DUE": str(flag)}) as server:
        ended, answered = asyncio.run(main(server))
        began = time.monotonic()
        code = server.wait()

    assert Counter(map(is_whole, ended)) == {True: 100}
    assert Counter(map(fate, answered)) == {"due": 50, "error": 50}
    assert sum('"id":"endless-' in answer for answer in answered) == 49
    assert code == 0, server.output
    assert time.monotonic() - began < GRACE + 2
    assert "Traceback" not in server.output
    assert server.output.splitlines()[-2:] == ["lifespan ended", "over"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_s132_a_second_signal_ends_at_once(
    number: signal.Signals, script: Script, log: Path
) -> None:
    """Whatever is under way, and without a traceback."""
    serve = "\n    mcp.run_http(port=PORT, timeout_graceful_shutdown=None)\n"

    async def main(server: HttpServer) -> float:
        [endless] = calls(server.port, "endless", {}, 1)
        await endless.begin()
        await asyncio.to_thread(server.wait_for, "began 1;")
        server.process.send_signal(number)
        await asyncio.to_thread(server.wait_for, "Waiting for connections to close")
        began = time.monotonic()
        server.process.send_signal(number)
        await endless.rest()
        return began

    with http_server([script(SERVER + serve)], log) as server:
        began = asyncio.run(main(server))
        code = server.wait()

    assert code == -number
    assert time.monotonic() - began < 10
    assert "Traceback" not in server.output


def test_s132_a_signal_before_it_serves_ends_it_too(script: Script, log: Path) -> None:
    """A lifespan that is still beginning is given up, in order."""
    env = {"BEGAN": str(log), "PORT": str(free_port())}
    run = run_python(str(script(SERVER + WAITING)), env=env)

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split("\n")[-3:] == ["gave up", "over", ""]


def test_s132_over_stdio_the_client_is_told_too(script: Script, tmp_path: Path) -> None:
    """What is due in time is answered, the rest gets an error, and the exit code is 0."""
    flag = tmp_path / "due"

    with stdio_server([script(SERVER + STDIO)], env={"DUE": str(flag)}) as server:
        server.ask(initialize())
        server.send(call("due", "due"), call("endless", "endless"))
        while "began 2;" not in server.errors:
            assert server.ask(request("ping", 9))["id"] == 9
        server.process.send_signal(signal.SIGTERM)
        flag.touch()
        answers = {answer["id"]: answer for answer in (server.receive(), server.receive())}
        code = server.wait()

    assert answers["due"]["result"]["content"][0]["text"] == "due"
    assert "stopping" in answers["endless"]["error"]["message"]
    assert code == 0
    assert "Traceback" not in server.errors
