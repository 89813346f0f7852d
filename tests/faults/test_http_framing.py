"""Answers over HTTP/1.1 in every form that servers give them, and in forms that none may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from faults.proxy import Proxy, raw
from left_behind import nothing_left
from processes import free_port
from without_httptools import hide_httptools

from fastmcp import Client
from fastmcp.client.retrying import RetryPolicy
from fastmcp.exceptions import Disconnected, UnexpectedResponse

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}).encode()
JSON = b"content-type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=["httptools", "httpx2"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What reads the answers, with the one and without it."""
    if request.param == "httpx2":
        hide_httptools(monkeypatch)
    return request.param


@pytest.fixture
def proxy(parser: str) -> Iterator[Proxy]:
    """One that answers everything by itself."""
    with nothing_left(), Proxy(free_port()) as proxy:
        yield proxy


def asked(proxy: Proxy) -> Any:
    """The answer to the first request of a client."""

    async def main() -> Any:
        options: dict[str, Any] = {"mode": "2026-07-28", "retry": RetryPolicy(attempts=1)}
        async with asyncio.timeout(20), Client(proxy.url, **options) as client:
            result = json.loads(bytes(await client.request("tools/list")))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(main())


def in_pieces(*sizes: int, extension: bytes = b"") -> bytes:
    """The body in chunks of those sizes, and the rest in one."""
    pieces, at = [], 0
    for size in (*sizes, len(BODY)):
        piece = BODY[at : at + size]
        pieces.append(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece))
        at += size
    return b"".join(pieces)


CHUNKED = OK + JSON + b"transfer-encoding: chunked\r\n\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + JSON + LENGTH + b"\r\n" + BODY, id="with a length"),
        pytest.param(OK + JSON + b"\r\n" + BODY, id="up to the end"),
        pytest.param(OK + JSON + b"connection: close\r\n\r\n" + BODY, id="said to end"),
        pytest.param(b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n" + BODY, id="of 1.0"),
        pytest.param(b"HTTP/1.1 200\r\n" + JSON + LENGTH + b"\r\n" + BODY, id="without a phrase"),
        pytest.param(
            OK + b"Content-Type:\tapplication/json; a=b \r\n" + LENGTH + b"\r\n" + BODY,
            id="with space",
        ),
        pytest.param(CHUNKED + in_pieces(1, 2, 3) + b"0\r\n\r\n", id="in chunks"),
        pytest.param(
            CHUNKED + in_pieces(5, extension=b";a=b") + b"000\r\nx-a: b\r\nx-c: d\r\n\r\n",
            id="in chunks with more to say",
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
            + (OK + JSON + LENGTH + b"\r\n" + BODY),
            id="announced",
        ),
        pytest.param(
            OK + b"x: %s\r\n" % (b"y" * 30000) + JSON + LENGTH + b"\r\n" + BODY, id="long header"
        ),
    ],
)
def test_every_form_of_an_answer_is_read(proxy: Proxy, answer: bytes) -> None:
    """Whatever the server's library prefers."""
    proxy.meet(raw(answer), "*")

    assert asked(proxy) == {"tools": []}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + JSON + LENGTH * 2 + b"\r\n" + BODY, id="a length said twice"),
        pytest.param(
            CHUNKED + in_pieces(5, extension=b"; a=b") + b"0\r\n\r\n", id="space in an extension"
        ),
    ],
)
def test_what_may_be_refused_is_read_or_loses_the_connection(
    proxy: Proxy, parser: str, answer: bytes
) -> None:
    """RFC 9112 leaves it to whoever reads; llhttp, which Node.js reads with, too, is strict."""
    proxy.meet(raw(answer), "*")

    if parser == "httptools":
        with pytest.raises(Disconnected, match="which is not HTTP: "):
            asked(proxy)
    else:
        assert asked(proxy) == {"tools": []}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-", id="half a head"),
        pytest.param(OK + JSON + b"content-length: 999\r\n\r\n" + BODY, id="half a body"),
        pytest.param(CHUNKED + in_pieces(3), id="chunks without an end"),
        pytest.param(CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunk longer than said"),
        pytest.param(CHUNKED + b"-1\r\n\r\n", id="negative chunk"),
        pytest.param(CHUNKED + b"f" * 30 + b"\r\n", id="endless chunk"),
        pytest.param(CHUNKED + b"x\r\n", id="chunk of no size"),
        pytest.param(
            OK + JSON + LENGTH + b"content-length: 1\r\n\r\n" + BODY, id="two different lengths"
        ),
        pytest.param(OK + JSON + b"content-length: -5\r\n\r\n" + BODY, id="negative length"),
        pytest.param(OK + JSON + b"content-length: 1e2\r\n\r\n" + BODY, id="length of no digits"),
        pytest.param(OK + b"bad header\r\n" + LENGTH + b"\r\n" + BODY, id="header of no form"),
        pytest.param(OK + b"a b: c\r\n" + LENGTH + b"\r\n" + BODY, id="name with a space"),
        pytest.param(
            OK + JSON + b"transfer-encoding: gzip, chunked\r\n\r\n", id="unknown encoding"
        ),
        pytest.param(OK + b"x: " + b"y" * 200000, id="endless head"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", id="another protocol"),
    ],
)
def test_what_is_no_answer_loses_the_connection(proxy: Proxy, answer: bytes) -> None:
    """In one line, and without waiting for more."""
    proxy.meet(raw(answer), "*")

    with pytest.raises(Disconnected, match=f"^Connection to {proxy.url} was lost: .") as caught:
        asked(proxy)

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(
    proxy: Proxy, parser: str
) -> None:
    """What comes after an answer ends the connection; httpx2 goes on, and the id tells it."""
    other = BODY.replace(b'"tools": []', b'"tools": [1]')
    one = OK + JSON + b"content-length: %d\r\n\r\n"
    proxy.meet(raw(one % len(BODY) + BODY + one % len(other) + other, then="silence"), "*")
    second = BODY.replace(b'"id": 1', b'"id": 2')
    proxy.meet(raw(one % len(second) + second), "*")

    async def main() -> list[Any]:
        async with asyncio.timeout(20), Client(proxy.url, mode="2026-07-28") as client:
            return [json.loads(bytes(await client.request("tools/list"))) for _ in range(2)]

    if parser == "httptools":
        assert asyncio.run(main()) == [{"tools": []}] * 2
    else:
        with pytest.raises(UnexpectedResponse, match="which is not MCP"):
            asyncio.run(main())
