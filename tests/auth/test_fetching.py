"""Fetching from URLs that somebody else chose: where they lead, and what is taken from there."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from authority import Asked, Authority, authority, listening, response
from certificates import certificate_for
from hypothesis import example, given
from hypothesis import strategies as st

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.fetcher import Fetcher
from fastmcp.exceptions import FastMCPError
from fastmcp.server.auth.ssrf import (
    SSRFError,
    SSRFFetchError,
    ValidatedURL,
    format_ip_for_url,
    resolve_hostname,
    ssrf_safe_fetch,
    ssrf_safe_fetch_response,
    validate_url,
)
from fastmcp.settings import settings

NAME = "docs.example.com"
PUBLIC = "93.184.216.34"


class Resolver:
    """Says of every host that it is at the next of these, and at the last one from then on."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def here() -> Resolver:
    return Resolver(["127.0.0.1"])


@asynccontextmanager
async def by_tls(
    folder: Path, body: Any = b"document", name: str = NAME, **options: Any
) -> AsyncGenerator[tuple[Authority, ssl.SSLContext]]:
    """A server with a certificate for a name, and what trusts it."""
    certificate, key = certificate_for(name, folder)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    async with authority(body, context=own, **options) as server:
        yield server, ssl.create_default_context(cafile=certificate)


async def test_a_document_is_fetched_from_the_address_that_was_looked_at(tmp_path: Path) -> None:
    """By the name's certificate, and with the name as host; the name is looked up once."""
    async with by_tls(tmp_path) as (server, trust):
        resolve = Resolver(["127.0.0.1"], ["10.0.0.1"])
        fetcher = Fetcher(allow_loopback=True, resolve=resolve, ssl_context=trust)
        fetched = await fetcher.fetch(f"https://{NAME}:{server.port}/a?b=c", headers={"x-y": "z"})
        assert (fetched.content, fetched.status_code) == (b"document", 200)
        assert fetched.headers["content-length"] == "8"
        [asked] = server.asked
        assert asked.path == "/a?b=c"
        assert (asked.headers["host"], asked.headers["x-y"]) == (f"{NAME}:{server.port}", "z")
        assert resolve.asked == [(NAME, server.port)]


async def test_the_certificate_must_be_of_the_name(tmp_path: Path) -> None:
    """Not of the address, and not of another name."""
    async with by_tls(tmp_path, name="other.example.com") as (server, trust):
        fetcher = Fetcher(allow_loopback=True, resolve=here(), ssl_context=trust)
        with pytest.raises(SSRFFetchError):
            await fetcher.fetch(f"https://{NAME}:{server.port}/")
        assert server.asked == []


async def test_a_document_may_be_asked_for_in_other_ways(tmp_path: Path) -> None:
    """With a method and a body; the host and the length are ours to say."""
    async with authority(b"{}") as server:
        fetched = await Fetcher(allow_loopback=True, resolve=here()).fetch(
            f"http://{NAME}:{server.port}",
            method="POST",
            content=b"a=b",
            headers={"Content-Type": "x/y", "Host": "evil", "Content-Length": "999"},
        )
        assert fetched.content == b"{}"
        assert (server.asked[0].method, server.asked[0].body) == ("POST", b"a=b")
        assert server.asked[0].headers["host"] == f"{NAME}:{server.port}"


FORBIDDEN = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.1.1"),
    *("169.254.169.254", "168.63.129.16", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1:7f00:0:100::"),
    *("2002:7f00:1::", "2002:0a00:1::1", "2001:0:7f00:1::", "2001:0:4136:e378::5"),
    *("2001:db8::1", "3fff::1", "100::1", "5f00::1", "2001:10::1", "2001:2::1"),
    *("2a00::5efe:7f00:1", "2a00::200:5efe:a00:1", "fe80::5efe:c0a8:1"),
]


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_addresses_that_are_not_public_are_not_connected_to(address: str) -> None:
    """Not even if the host has a public one as well, in any order."""
    for answer in ([address], [PUBLIC, address], [address, PUBLIC]):
        resolve = Resolver(answer)
        with pytest.raises(SSRFError, match="not a public address"):
            await Fetcher(resolve=resolve).fetch(f"https://{NAME}/")
        assert len(resolve.asked) == 1


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_addresses_that_are_not_public_stand_in_no_url(address: str) -> None:
    """Nobody is asked where they are."""
    resolve = Resolver([PUBLIC])
    with pytest.raises(SSRFError):
        await Fetcher(resolve=resolve).fetch(f"https://{format_ip_for_url(address)}/")
    assert resolve.asked == []


STRANGE = [
    *("https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/"),
    *("https://0x7f.0.0.1/", "https://127.0.0.1./", "https://017700000001/", "https://0/"),
    *("https://1.2.3.4.5/", "https://example.0x7f/", "https://[::1%25eth0]/", "https://[v1.x]/"),
    *("https://[::1/", "https://[127.0.0.1]/", "https://127.0.0.1%2f@x.example.com/"),
    *(
        "https://\u2460\u2461\u2466.0.0.1/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://ex\u00e4/",
    ),
    *("https://user@x.example.com/", "https://u:p@x.example.com/", "https://@x.example.com/"),
    *("https://x.example.com\\@evil.example.com/", "https://x.example.com\t/", "https://x y/"),
    *("https://x.example.com/\r\nX: y", "https://x.example.com/\x00", "https:///etc/passwd"),
    *("https://x.example.com:0/", "https://x.example.com:99999/", "https://x.example.com:a/"),
    *("https://-x.example.com/", "https://x..example.com/", "https://%6cocalhost/", "https://"),
    *("file:///etc/passwd", "ftp://x.example.com/", "gopher://x.example.com/", "//x.example.com/"),
    *("http://x.example.com/", "HTTP://x.example.com/", "x.example.com", "", "https:x.example.com"),
    "https://x.example.com/" + "a" * 3_000,
]


@pytest.mark.parametrize("url", STRANGE)
async def test_urls_that_can_be_read_in_two_ways_are_refused(url: str) -> None:
    """Nothing is looked up for them."""
    resolve = Resolver([PUBLIC])
    with pytest.raises(SSRFError):
        await Fetcher(resolve=resolve).fetch(url)
    assert resolve.asked == []


@given(st.text() | st.text(alphabet="htps:/.@[]%127x0a#?&\\").map(lambda tail: f"https://{tail}"))
@example("https://[")
@example("https://example.com:٣/")
def test_no_text_leads_where_it_must_not(url: str) -> None:
    """Wherever it is said to be."""
    with pytest.raises(SSRFError):
        asyncio.run(Fetcher(resolve=here()).fetch(url))


async def test_a_name_that_is_bound_anew_is_looked_at_anew() -> None:
    """It was public when somebody looked, and is this host when it is fetched."""
    async with authority(b"secret") as server:
        resolve = Resolver([PUBLIC], ["127.0.0.1"])
        assert await resolve(NAME, 443) == [PUBLIC]
        with pytest.raises(SSRFError):
            await Fetcher(resolve=resolve).fetch(f"https://{NAME}:{server.port}/")
        assert server.asked == []


async def test_a_host_that_nobody_knows_is_refused() -> None:
    """By the system's resolver, and by one that says nothing."""
    with pytest.raises(SSRFError, match="not known"):
        await resolve_hostname("no-such-host.invalid")
    with pytest.raises(SSRFError, match="not known"):
        await Fetcher(resolve=Resolver([])).fetch(f"https://{NAME}/")
    assert "127.0.0.1" in await resolve_hostname("127.0.0.1")


async def test_slow_names_keep_nobody_else_from_looking_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many a stranger names, this process has threads left for what it wants itself."""
    answered, look_up = threading.Event(), socket.getaddrinfo
    waiting: list[Any] = []

    def slowly(host: Any, *options: Any, **more: Any) -> Any:
        if str(host).endswith(".slow.example"):
            waiting.append(host)
            answered.wait(20)
        return look_up("127.0.0.1", *options, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    urls = [f"https://{number}.slow.example/" for number in range(100)]
    fetches = [asyncio.create_task(Fetcher().fetch(url)) for url in urls]
    try:
        async with asyncio.timeout(10):
            while len(waiting) < 5:
                await asyncio.sleep(0.01)
            assert await asyncio.get_running_loop().getaddrinfo("own.example", 443)
        assert not any(each.done() for each in fetches)
    finally:
        answered.set()

    for refused in await asyncio.gather(*fetches, return_exceptions=True):
        assert isinstance(refused, SSRFError)


async def test_this_host_can_be_let_in_for_development() -> None:
    """Then without TLS too; other hosts stay what they are."""
    async with authority(b"here") as server:
        local = Fetcher(allow_loopback=True)
        for host in ("127.0.0.1", "localhost"):
            fetched = await local.fetch(f"http://{host}:{server.port}/")
            assert fetched.content == b"here"
        for host, answers in (("10.0.0.1", [PUBLIC]), (NAME, ["10.0.0.1"]), (NAME, [PUBLIC])):
            guarded = Fetcher(allow_loopback=True, resolve=Resolver(answers))
            with pytest.raises(SSRFError):
                await guarded.fetch(f"http://{host}:{server.port}/")


async def test_another_address_is_tried_if_one_does_not_answer() -> None:
    """In the order of the resolver, all of them looked at before."""
    async with authority(b"here") as server:
        resolve = Resolver(["::1", "127.0.0.1"])
        fetched = await Fetcher(allow_loopback=True, resolve=resolve).fetch(
            f"http://{NAME}:{server.port}/"
        )
        assert fetched.content == b"here"
        assert len(resolve.asked) == 1


async def test_redirects_are_not_followed() -> None:
    """Unless they are asked for."""
    async with authority(status=302, location="/b") as server:
        with pytest.raises(SSRFFetchError, match="redirect"):
            await Fetcher(allow_loopback=True).fetch(f"{server.url}/a")
        assert len(server.asked) == 1


async def test_redirects_within_a_host_are_followed_a_few_times() -> None:
    """Each is looked at as the first URL was."""
    async with authority() as server:

        def answer(asked: Asked) -> bytes:
            number = int(asked.path[1:])
            return (
                response(b"end") if number == 3 else response(status=301, location=f"/{number + 1}")
            )

        server.answer = answer
        resolve = here()
        fetcher = Fetcher(allow_loopback=True, resolve=resolve)
        url = f"http://{NAME}:{server.port}/0"
        assert (await fetcher.fetch(url, redirects=3)).content == b"end"
        assert len(resolve.asked) == 4
        with pytest.raises(SSRFFetchError, match="redirect"):
            await fetcher.fetch(url, redirects=2)
        bound = Resolver(["127.0.0.1"], ["169.254.169.254"])
        with pytest.raises(SSRFError, match="not a public address"):
            await Fetcher(allow_loopback=True, resolve=bound).fetch(url, redirects=3)


@pytest.mark.parametrize(
    "location",
    [
        "https://docs.example.com/",
        "http://other.example.com:{port}/",
        "//other.example.com:{port}/",
        "http://docs.example.com:1/",
        "http://docs.example.com/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://2130706433:{port}/",
        "http://docs.example.com:{port}@evil.example.com/",
    ],
)
async def test_redirects_to_elsewhere_are_refused(location: str) -> None:
    """Another host, port or scheme is somebody else."""
    async with authority() as server:
        where = location.format(port=server.port)
        server.says(status=302, location=where)
        fetcher = Fetcher(allow_loopback=True, resolve=here())
        with pytest.raises(SSRFError):
            await fetcher.fetch(f"http://{NAME}:{server.port}/", redirects=3)
        assert len(server.asked) == 1


async def test_too_much_is_not_read() -> None:
    """Whatever its length is said to be, or if none is."""
    async with authority(b"x" * 2_000) as server:
        fetcher = Fetcher(allow_loopback=True)
        assert len((await fetcher.fetch(server.url, max_size=2_000)).content) == 2_000
        with pytest.raises(SSRFFetchError, match="more than 1999 bytes"):
            await fetcher.fetch(server.url, max_size=1_999)
        server.answer = lambda asked: (
            b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n" + b"x" * 500_000
        )
        with pytest.raises(SSRFFetchError, match="more than 1999 bytes"):
            await fetcher.fetch(server.url, max_size=1_999)


async def test_compressed_content_is_not_unpacked() -> None:
    """A few bytes can be made of very many."""
    async with authority(b"x", content_encoding="gzip") as server:
        with pytest.raises(SSRFFetchError, match="compressed"):
            await Fetcher(allow_loopback=True).fetch(server.url)
        assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_a_silent_server_is_not_waited_for() -> None:
    """Nor one that sends a byte now and then."""
    async with authority() as server:
        gone = asyncio.Event()

        async def silent(asked: Asked) -> bytes:
            await gone.wait()
            return b""

        server.answer = silent
        fetcher = Fetcher(allow_loopback=True)
        begin = time.monotonic()
        with pytest.raises(SSRFFetchError, match="in time"):
            await fetcher.fetch(server.url, timeout=0.1)
        with pytest.raises(SSRFFetchError, match="in time"):
            await fetcher.fetch(server.url, overall_timeout=0.1)
        assert time.monotonic() - begin < 10
        gone.set()


@asynccontextmanager
async def dripping() -> AsyncGenerator[str]:
    """A server that never ends, and never stops."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(serve) as port:
        yield f"http://127.0.0.1:{port}"


async def test_a_dripping_server_is_not_waited_for() -> None:
    """Each byte is in time, and all of them are not."""
    async with dripping() as url:
        with pytest.raises(SSRFFetchError, match="in time"):
            await Fetcher(allow_loopback=True).fetch(url, timeout=5, overall_timeout=0.2)
        with pytest.raises(SSRFFetchError, match="within"):
            await BoundedClient(max_size=1_000, timeout=0.2).request("GET", url)


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 X\r\ncontent-le"])
async def test_what_is_no_response_is_no_document(said: bytes) -> None:
    """And no error of a library."""
    async with authority() as server:
        server.answer = lambda asked: said
        with pytest.raises(SSRFFetchError):
            await Fetcher(allow_loopback=True).fetch(server.url)


async def test_what_the_configuration_names_is_bounded_too() -> None:
    """In size, and by an error that says what it was."""
    async with authority(b"x" * 2_000) as server:
        client = BoundedClient(max_size=1_000, timeout=5)
        with pytest.raises(SSRFFetchError, match="more than 1000 bytes"):
            await client.request("GET", server.url)
    with pytest.raises(SSRFFetchError, match="could not be reached: ConnectError"):
        await client.request("GET", server.url)


async def test_fastmcps_names_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """They refuse what is not public."""
    validated = await validate_url(f"https://{PUBLIC}:8443/a?b", require_path=True)
    assert validated == ValidatedURL(
        original_url=f"https://{PUBLIC}:8443/a?b",
        hostname=PUBLIC,
        port=8443,
        path="/a?b",
        resolved_ips=[PUBLIC],
    )
    for url in ("https://127.0.0.1/", "https://localhost/", f"http://{PUBLIC}/"):
        with pytest.raises(SSRFError):
            await validate_url(url)
        with pytest.raises(SSRFError):
            await ssrf_safe_fetch(url)
    for call in (validate_url, ssrf_safe_fetch, ssrf_safe_fetch_response):
        with pytest.raises(SSRFError, match="path"):
            await call(f"https://{PUBLIC}/?x", require_path=True)
    assert issubclass(SSRFError, FastMCPError)
    assert not issubclass(SSRFFetchError, SSRFError)


@asynccontextmanager
async def tunnel(to: int) -> AsyncGenerator[tuple[str, list[str]]]:
    """A proxy that says where it was asked to go, and goes to a port of this host."""
    heads: list[str] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        inner, outer = await asyncio.open_connection("127.0.0.1", to)
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        await asyncio.gather(pipe(reader, outer), pipe(inner, writer))

    async with listening(serve) as port:
        yield f"127.0.0.1:{port}", heads


async def test_a_proxy_that_is_trusted_looks_names_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And NO_PROXY leads nobody past it."""
    monkeypatch.setenv("NO_PROXY", "*")
    resolve = here()
    async with by_tls(tmp_path) as (server, trust), tunnel(server.port) as (proxy, heads):
        monkeypatch.setenv("HTTPS_PROXY", f"http://us%40er:p%3Ass@{proxy}")
        fetcher = Fetcher(resolve=resolve, ssl_context=trust)
        with settings.temporarily(ssrf_trust_proxy=True):
            fetched = await fetcher.fetch(f"https://{NAME}/a")
            validated = await validate_url(f"https://{NAME}/a")
        assert fetched.content == b"document"
        assert heads[0].startswith(f"CONNECT {NAME}:443 ")
        assert base64.b64encode(b"us@er:p:ss").decode() in heads[0]
        assert server.asked[0].headers["host"] == NAME
        assert resolve.asked == []
        assert (validated.resolved_ips, bool(validated.proxy_url)) == ([], True)


async def test_a_proxy_that_is_trusted_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody would look where requests go."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FASTMCP_SSRF_TRUST_PROXY", "1")
    for call in (Fetcher().fetch, validate_url):
        with pytest.raises(SSRFError, match="HTTPS_PROXY"):
            await call(f"https://{NAME}/")
    monkeypatch.setenv("ALL_PROXY", "127.0.0.1:1")
    with pytest.raises(SSRFFetchError):
        await Fetcher().fetch(f"https://{NAME}/")
    for address in ("10.0.0.1", "169.254.169.254", "[::1]"):
        with pytest.raises(SSRFError):
            await Fetcher().fetch(f"https://{address}/")


async def test_proxies_of_the_environment_are_not_used_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They would connect to where nobody has looked."""
    async with authority(b"proxied") as proxy:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with pytest.raises(SSRFError):
            await Fetcher(resolve=here()).fetch(f"https://{NAME}/")
        assert proxy.asked == []
