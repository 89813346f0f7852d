"""The backplane in a real Redis server: how it is reached, and what happens when it is not."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
import redis.asyncio as async_redis
from processes import free_port, run_python
from redis_server import RedisServer, redis_server

from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.backplane import RedisBackplane

from .conftest import opened
from .hearing import Ear, until

Op = Callable[[RedisBackplane], Awaitable[Any]]


OPERATIONS: dict[str, Op] = {
    "open": lambda b: b.open(),
    "get": lambda b: b.get("k"),
    "put": lambda b: b.put("k", b"v"),
    "add": lambda b: b.add("k", b"v"),
    "swap": lambda b: b.swap("k", b"v", b"w"),
    "touch": lambda b: b.touch("k", 60),
    "delete": lambda b: b.delete("k"),
    "append": lambda b: b.append("l", b"e", limit=10, ttl=60),
    "entries": lambda b: b.entries("l"),
    "publish": lambda b: b.publish("t", b"m"),
    "subscribe": lambda b: b.subscribe("t", Ear()),
    "join": lambda b: b.join("g", "m", limit=1, ttl=60),
    "leave": lambda b: b.leave("g", "m"),
}


async def fails(operation: Awaitable[Any], within: float) -> str:
    """The text of its failure, which comes in time."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        await operation
    assert time.monotonic() - began < within
    return str(caught.value)


def test_every_call_fails_quickly_without_a_server_and_works_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed and started anew, without its data: subscribers hear that they missed something."""
    caplog.set_level(logging.ERROR)
    port = free_port()
    ear, other = Ear(), Ear()

    async def main() -> None:
        backplane = RedisBackplane(f"redis://127.0.0.1:{port}")
        assert "127.0.0.1" in await fails(backplane.open(), 1)
        with redis_server(tmp_path, port=port) as server:
            await backplane.open()
            await backplane.subscribe("t", ear)
            await backplane.subscribe("u", other)
            for operation in list(OPERATIONS.values())[1:]:
                await operation(backplane)
            lost = asyncio.gather(*[backplane.get("k") for _ in range(20)], return_exceptions=True)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            assert all(x is None or isinstance(x, StoreUnavailable) for x in await lost)
            for operation in OPERATIONS.values():
                await fails(operation(backplane), 1)
            gone = Ear()
            await backplane.unsubscribe("t", gone)
        ear.heard.clear()
        with redis_server(tmp_path, port=port):
            await ear.waits_for(None)
            await other.waits_for(None)
            for operation in list(OPERATIONS.values())[1:]:
                await operation(backplane)
            ear.heard.clear()
            await backplane.publish("t", b"again")
            await ear.waits_for(b"again")
            assert await backplane.get("k") is None
            assert [entry for _, entry in await backplane.entries("l")] == [b"e"]
            await backplane.close()

    asyncio.run(main())
    assert caplog.records == []


def test_a_call_makes_the_connection_anew_at_once(tmp_path: Path) -> None:
    """Also that of the topics, whose next try may be seconds away."""
    port = free_port()

    async def main() -> None:
        backplane, ear = RedisBackplane(f"redis://127.0.0.1:{port}"), Ear()
        with redis_server(tmp_path, port=port):
            await backplane.open()
            await backplane.subscribe("t", ear)
        await until(lambda: True)
        await fails(backplane.get("k"), 1)
        await asyncio.sleep(0.8)  # a few tries later the next one is a long way off
        with redis_server(tmp_path, port=port):
            began = time.monotonic()
            try:
                await backplane.subscribe("u", Ear())
            except StoreUnavailable:  # a try was under way that began before the server did
                await backplane.subscribe("u", Ear())
            await ear.waits_for(None)
            assert time.monotonic() - began < 0.5
            await backplane.close()

    asyncio.run(main())


def test_a_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    """A call ends in its time, and works when the server goes on."""

    async def main(server: RedisServer) -> None:
        backplane, ear = RedisBackplane(server.url, timeout=0.3), Ear()
        async with opened(backplane):
            await backplane.put("k", b"v")
            await backplane.subscribe("t", ear)
            server.process.send_signal(signal.SIGSTOP)
            for operation in (OPERATIONS[name] for name in ("open", "append", "subscribe")):
                assert "within 0.3 seconds" in await fails(operation(backplane), 2)
            server.process.send_signal(signal.SIGCONT)
            assert await backplane.get("k") == b"v"
            await ear.waits_for(None)  # that its connection is dead was noticed as well

    with redis_server(tmp_path) as server:
        asyncio.run(main(server))


def test_a_slow_loop_is_no_slow_server(redis: RedisServer, tmp_path: Path) -> None:
    """What blocks the event loop for longer than a call may take makes none fail."""

    async def main() -> None:
        async with opened(
            backplane := RedisBackplane(redis.url, prefix=tmp_path.name, timeout=0.2)
        ):
            await backplane.put("k", b"v")
            for delay in (0, 0.001, 0.01):
                asking = asyncio.gather(*[backplane.get("k") for _ in range(10)])
                await asyncio.sleep(delay)
                time.sleep(0.4)
                assert await asking == [b"v"] * 10

    asyncio.run(main())


def test_a_server_that_goes_on_answering_is_not_given_up(
    redis: RedisServer, tmp_path: Path
) -> None:
    """However long the answers to all that was asked at once take."""
    timeout, value = 0.5, b"v" * 60_000

    async def main() -> float:
        async with tunnel(redis.url, pause=timeout / 20) as server:
            url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            backplane = RedisBackplane(url, prefix=tmp_path.name, timeout=timeout)
            async with opened(backplane):
                await backplane.put("k", value)
                began = time.monotonic()
                assert await asyncio.gather(*[backplane.get("k") for _ in range(5)]) == [value] * 5
                return time.monotonic() - began

    assert asyncio.run(main()) > timeout


def test_a_replica_is_left_for_another_server(tmp_path: Path) -> None:
    """What cannot be written now is unavailable; the connection is made anew, to ask again."""

    async def main(server: RedisServer) -> None:
        backplane = RedisBackplane(server.url)
        control = async_redis.Redis.from_url(server.url)
        async with opened(backplane):
            await backplane.put("k", b"v")
            await control.replicaof("127.0.0.1", str(free_port()))
            assert "READONLY" in await fails(backplane.put("k", b"w"), 1)
            assert "READONLY" in await fails(backplane.append("l", b"x", limit=1, ttl=1), 1)
            await control.replicaof("NO", "ONE")
            await backplane.put("k", b"w")
            await control.config_set("maxmemory", "1")
            assert "OOM" in await fails(backplane.put("k", b"v"), 1)
            await control.config_set("maxmemory", "0")
            await control.script_flush()
            assert await backplane.swap("k", b"w", b"x")
            await control.aclose()

    with redis_server(tmp_path) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("lpush {key} x", "WRONGTYPE"),  # somebody uses the name for something else
        ("acl setuser default -get", "NOPERM"),
        ("config set maxmemory 1", "OOM"),
    ],
)
def test_what_a_server_refuses_is_unavailable(tmp_path: Path, command: str, said: str) -> None:
    """Whatever its reason is, which is told; what it does not refuse goes on."""

    async def main(url: str) -> None:
        control = async_redis.Redis.from_url(url)
        async with opened(backplane := RedisBackplane(url, prefix="p")):
            await backplane.put("l", b"kept")
            await control.execute_command(*command.format(key="p:v:k").split())  # pyright: ignore
            with pytest.raises(StoreUnavailable, match=said):
                await (backplane.put("k", b"") if said == "OOM" else backplane.get("k"))
            assert await backplane.touch("l", 60)
        await control.aclose()

    with redis_server(tmp_path) as server:
        asyncio.run(main(server.url))


def test_everything_has_an_end_and_a_prefix(redis: RedisServer, tmp_path: Path) -> None:
    """So nothing is left in the server for ever, and it can be shared with others."""

    async def main() -> None:
        control = async_redis.Redis.from_url(redis.url)
        before = set(await control.keys())
        async with opened(backplane := RedisBackplane(redis.url, prefix=tmp_path.name)):
            await backplane.put("a", b"v", ttl=60)
            await backplane.add("b", b"v", ttl=60)
            await backplane.put("c", b"v")
            await backplane.touch("c", 60)
            await backplane.append("l", b"e", limit=10, ttl=60)
            await backplane.join("g", "m", limit=1, ttl=60)
            await backplane.join("g", "m", limit=1, ttl=0.001)
            await backplane.join("g", "n", limit=2, ttl=60)
        keys = set(await control.keys()) - before
        assert len(keys) == 5
        assert all(key.startswith(tmp_path.name.encode() + b":") for key in keys)
        assert all([0 < await control.pttl(key) <= 60_000 for key in keys])
        await control.aclose()

    asyncio.run(main())


# How it is reached


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("kind", [redis_py.Redis, async_redis.Redis])
def test_a_client_shows_where_the_server_is(
    redis: RedisServer, tmp_path: Path, kind: Any, decode: bool
) -> None:
    """Sync or async, decoding or not, with its database and its own retries and timeouts."""
    client = kind.from_url(
        f"{redis.url}/3", decode_responses=decode, socket_timeout=30, health_check_interval=10
    )

    async def main() -> None:
        ours = RedisBackplane(client, prefix=tmp_path.name)
        same = RedisBackplane(f"{redis.url}/3", prefix=tmp_path.name)
        other = RedisBackplane(f"{redis.url}/4", prefix=tmp_path.name)
        ear, elsewhere = Ear(), Ear()
        async with opened(ours, same, other):
            await ours.put("k", b"\xff")
            assert await same.get("k") == b"\xff"
            assert await other.get("k") is None
            await ours.subscribe("t", ear)
            await other.subscribe("t", elsewhere)
            await other.publish("t", b"other")
            await same.publish("t", b"same")
            await ear.waits_for(b"same")
            await elsewhere.waits_for(b"other")
        await asyncio.sleep(0)
        if isinstance(client, async_redis.Redis):
            await client.aclose()

    asyncio.run(main())
    if isinstance(client, redis_py.Redis):
        client.close()


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    """A wrong one is said, as long as it is wrong; no error shows it."""

    async def main(server: RedisServer) -> None:
        control = async_redis.Redis.from_url(server.url)
        await control.execute_command("ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all")
        await control.config_set("requirepass", "other")
        place = server.url.partition("//")[2]
        for wrong in ("", "app:wr0ng@", ":wr0ng@"):
            said = await fails(RedisBackplane(f"redis://{wrong}{place}").open(), 1)
            assert "wr0ng" not in said
        async with opened(backplane := RedisBackplane(f"redis://app:s3cret@{place}")):
            await backplane.put("k", b"v")
            assert await backplane.get("k") == b"v"
        await control.aclose()

    with redis_server(tmp_path) as server:
        asyncio.run(main(server))


@asynccontextmanager
async def tunnel(to: str, *, pause: float = 0.0, **listen: Any) -> AsyncIterator[asyncio.Server]:
    """Something that listens, and passes on to a server what it gets; what comes back is slow by
    so many seconds for each 8 KiB.
    """
    host, port = to.rpartition("/")[2].split(":")
    pumps: set[asyncio.Task[None]] = set()

    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float
    ) -> None:
        try:
            while data := await reader.read(8192):
                await asyncio.sleep(pause)
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        for way in ((reader, back, 0.0), (there, writer, pause)):
            pumps.add(asyncio.create_task(pump(*way)))

    if "path" in listen:
        server = await asyncio.start_unix_server(connected, **listen)
    else:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, **listen)
    try:
        yield server
    finally:
        server.close()
        await asyncio.gather(*pumps)


def certificate(directory: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signs itself."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_connection_may_be_encrypted(redis: RedisServer, tmp_path: Path) -> None:
    """With the certificate checked as the URL, or a sync client, says."""
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def main() -> None:
        async with tunnel(redis.url, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            client = redis_py.Redis(
                host="127.0.0.1", port=port, ssl=True, ssl_ca_certs=str(pem), decode_responses=True
            )
            url = f"rediss://127.0.0.1:{port}"
            for given in (client, f"{url}?ssl_ca_certs={pem}", f"{url}?ssl_cert_reqs=none"):
                backplane, ear = RedisBackplane(given, prefix=tmp_path.name), Ear()
                async with opened(backplane):
                    await backplane.put("k", b"v" * 200_000)
                    assert await backplane.get("k") == b"v" * 200_000
                    await backplane.subscribe("t", ear)
                    await backplane.publish("t", b"m")
                    await ear.waits_for(b"m")
            assert "CERTIFICATE" in (await fails(RedisBackplane(url).open(), 2)).upper()
            client.close()

    asyncio.run(main())


def test_a_server_may_be_reached_by_a_unix_socket(redis: RedisServer, tmp_path: Path) -> None:
    """By its URL."""
    path = tmp_path / "redis.sock"

    async def main() -> None:
        async with tunnel(redis.url, path=path):
            backplane = RedisBackplane(f"unix://{path}?db=5", prefix=tmp_path.name)
            async with opened(backplane):
                await backplane.put("k", b"v")
        other = RedisBackplane(f"{redis.url}/5", prefix=tmp_path.name)
        async with opened(other):
            assert await other.get("k") == b"v"

    asyncio.run(main())


@pytest.mark.parametrize("given", ["http://localhost", "localhost:6379", 5, object(), None])
def test_what_is_no_server_is_refused(given: Any) -> None:
    """With what is taken."""
    with pytest.raises(ConfigurationError, match="redis://, rediss:// or unix://"):
        RedisBackplane(given)


def test_a_url_that_is_wrong_is_said() -> None:
    """When it is used first."""
    with pytest.raises(ConfigurationError, match="The URL of Redis"):
        asyncio.run(RedisBackplane("redis://localhost?db=x").open())


def test_without_redis_py_the_error_says_what_to_install() -> None:
    """And nothing of it is loaded before it is needed."""
    answer = run_python(
        "-c",
        "import sys\n"
        "from fastmcp.server.backplane import RedisBackplane\n"
        "RedisBackplane('redis://127.0.0.1:1')\n"
        "assert 'redis' not in sys.modules\n"
        "sys.modules['redis'] = None\n"
        "RedisBackplane('redis://127.0.0.1:1')\n",
    )

    assert "pip install 'peregrine-mcp[redis]'" in answer.stderr.splitlines()[-1]


def test_processes_share_a_server(redis: RedisServer, tmp_path: Path, script: Any) -> None:
    """Counting together they miss nothing, and each hears the other."""
    path = script(COUNT)

    async def main() -> None:
        url, prefix = redis.url, tmp_path.name
        async with opened(backplane := RedisBackplane(url, prefix=prefix)):
            ear = Ear()
            await backplane.subscribe("t", ear)
            await backplane.put("n", b"0")
            processes = [
                await asyncio.create_subprocess_exec(sys.executable, path, url, prefix)
                for _ in "12"
            ]
            assert [await process.wait() for process in processes] == [0, 0]
            assert await backplane.get("n") == b"200"
            assert len(await backplane.entries("l")) == 200
            await until(lambda: len(ear.heard) == 200)

    asyncio.run(main())


COUNT = """
    import asyncio, sys

    from fastmcp.server.backplane import RedisBackplane

    async def main():
        backplane = RedisBackplane(sys.argv[1], prefix=sys.argv[2])
        await backplane.open()
        for _ in range(100):
            while True:
                old = await backplane.get("n")
                new = b"%d" % (int(old) + 1)
                if await backplane.swap("n", old, new):
                    break
            await backplane.append("l", new, limit=1000, ttl=60)
            await backplane.publish("t", new)
        await backplane.close()

    asyncio.run(main())
"""
