"""The parser that is used where hiredis is not installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import run_python
from redis_server import RedisServer

from fastmcp.server.backplane import resp

answers = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


def encoded(answer: Any) -> bytes:
    if answer is None:
        return b"$-1\r\n"
    if isinstance(answer, int):
        return b":%d\r\n" % answer
    if isinstance(answer, bytes):
        return b"$%d\r\n%b\r\n" % (len(answer), answer)
    return b"*%d\r\n" % len(answer) + b"".join(map(encoded, answer))


@given(st.lists(answers, min_size=1, max_size=4), st.integers(1, 50))
def test_answers_come_however_they_are_cut(expected: list[Any], size: int) -> None:
    """The plain parser and that of hiredis find the same in the same bytes."""
    data = b"".join(map(encoded, expected)) + b"+OK\r\n*-1\r\n"
    for parser in (resp.PlainParser(), resp.make_parser()):
        found: list[Any] = []
        for start in range(0, len(data), size):
            parser.feed(data[start : start + size])
            while (answer := parser.gets()) is not resp.INCOMPLETE:
                found.append(answer)
        assert found == [*expected, b"OK", None]


@pytest.mark.parametrize(
    "data", [b"?x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b":x\r\n", b"$x\r\n"]
)
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    """Such as that of a server of another kind."""
    parser = resp.PlainParser()
    parser.feed(data)
    with pytest.raises(resp.Malformed):
        parser.gets()


def test_a_backplane_needs_no_hiredis(redis: RedisServer, script: Callable[..., Path]) -> None:
    """It is only faster with it."""
    answer = run_python(str(script(WITHOUT_HIREDIS)), redis.url)

    assert answer.stderr == ""
    assert answer.stdout == "done\n"


WITHOUT_HIREDIS = """
    import asyncio, sys

    sys.modules["hiredis"] = None

    from fastmcp.server.backplane import RedisBackplane, resp

    assert isinstance(resp.make_parser(), resp.PlainParser)

    async def main():
        backplane = RedisBackplane(sys.argv[1], prefix="without hiredis")
        await backplane.open()
        await backplane.put("k", b"v" * 100_000, ttl=60)
        assert await backplane.get("k") == b"v" * 100_000
        assert await backplane.swap("k", b"x", b"y") is False
        heard = asyncio.Queue()
        await backplane.subscribe("t", heard.put_nowait)
        await backplane.publish("t", b"m")
        assert await heard.get() == b"m"
        position = await backplane.append("l", b"e", limit=10, ttl=60)
        assert await backplane.entries("l") == [(position, b"e")]
        await backplane.close()
        print("done")

    asyncio.run(main())
"""
