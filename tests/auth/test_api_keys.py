"""API keys: made, shown once, kept as digests, verified, revoked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apps import call, http
from key_value.aio.stores.memory import MemoryStore
from redis_server import redis_server

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.security import APIKeys, require_auth


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def server(keys: APIKeys) -> FastMCP:
    """A server that tells its callers what it knows of them."""
    mcp = FastMCP("x", auth=keys)

    @mcp.tool
    def who(ctx: Context) -> dict[str, Any]:
        return {**ctx.user_info, "principal": ctx.principal}

    @mcp.tool
    @require_auth(roles=["bot"])
    def work() -> str:
        return "worked"

    @mcp.custom_route("/route", methods=["GET"])
    @require_auth(scopes=["read"])
    async def route() -> str:
        return "route"

    return mcp


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.fixture(params=["memory", "sqlite", "redis", "key-value"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Where keys are kept."""
    if request.param == "redis":
        with redis_server(tmp_path) as redis:
            yield redis.url
    elif request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'keys.db'}"
    else:
        yield None if request.param == "memory" else MemoryStore()


def test_a_key_is_let_in_by_either_header() -> None:
    """On the endpoint and on routes, with what it was made with."""
    keys = APIKeys()
    made = keys.create("ci", scopes=["read"], roles=["bot"], claims={"team": "build"})

    with http(server(keys)) as client:
        for headers in (bearer(made.key), {"x-api-key": made.key}):
            told = client.post(call("who"), headers).json()["result"]["content"][0]["text"]
            assert '"name":"ci"' in told
            assert '"team":"build"' in told
            assert "worked" in client.post(call("work"), headers).text
            assert client.client.get(f"{client.base}/route", headers=headers).text == "route"


def test_nobody_else_is_let_in() -> None:
    """With a wrong key, none, two of them, or one in the query."""
    keys = APIKeys()
    key, other = keys.create("one").key, keys.create("two").key
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    id = key.split("_")[1]

    with http(server(keys)) as client:
        for headers in (
            {},
            {"x-api-key": ""},
            {"x-api-key": changed},
            {"x-api-key": key[:-1]},
            {"x-api-key": key + "A"},
            {"x-api-key": f"fmk_{id}_"},
            {"x-api-key": f"other_{key.partition('_')[2]}"},
            {"x-api-key": "fmk_zzzzzzzzzzzz_secret"},
            {"x-api-key": f"../{id}"},
            {"authorization": key},
            {"authorization": f"Basic {key}"},
            {"x-api-key": key, **bearer(other)},
            {"x-api-key": key, **bearer(key)},
        ):
            answer = client.post(call("who"), headers)
            assert answer.status_code == 401, headers
            assert answer.headers["www-authenticate"].startswith("Bearer")
        twice: Any = [("x-api-key", key), ("x-api-key", key)]
        assert client.client.post(client.url, headers=twice).status_code == 401
        in_query = client.client.post(f"{client.url}?x-api-key={key}&api_key={key}")
        assert in_query.status_code == 401


def test_keys_are_kept_wherever_others_are(store: Any) -> None:
    """Made in one process, valid in another, until they are revoked in a third."""

    async def main() -> None:
        first, second = APIKeys(store), APIKeys(store)
        if store is None:
            second = first
        async with first.lifespan(), second.lifespan():
            await use(first, second)

    async def use(first: APIKeys, second: APIKeys) -> None:
        one, two = await first.create("one", scopes="a b"), await first.create("two")
        found = await second.verify_token(one.key)
        assert found is not None
        assert (found.client_id, found.scopes) == ("one", ["a", "b"])
        assert [key.name for key in await second.list()] == ["one", "two"]
        assert await second.revoke(two.id) is True
        assert await second.revoke(two.id) is False
        assert await first.verify_token(two.key) is None
        assert [key.id for key in await first.list()] == [one.id]

    asyncio.run(main())


def test_several_make_keys_at_once(store: Any) -> None:
    """None of them is lost."""

    async def main() -> int:
        keys = APIKeys(store)
        await asyncio.gather(*(keys.create(f"key {number}") for number in range(20)))
        return len(await keys.list())

    assert asyncio.run(main()) == 20


def test_the_text_of_a_key_is_kept_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the store, nor in a log or a description."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "keys.db"
    keys = APIKeys(f"sqlite:///{path}")
    made = keys.create("ci")
    secret = made.key.split("_", 2)[2]

    with http(server(keys)) as client:
        assert client.post(call("who"), {"x-api-key": made.key}).status_code == 200

    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert secret.encode() not in kept
    for told in (repr(made), str(made), repr(keys.list()), repr(keys), caplog.text):
        assert secret not in told
    assert made.prefix in repr(made)
    assert not hasattr(keys.list()[0], "key")


def test_two_keys_have_nothing_in_common() -> None:
    """Each has 256 random bits."""
    keys = APIKeys(prefix="acme")
    texts = {keys.create("same").key for _ in range(100)}

    assert len(texts) == 100
    assert all(text.startswith("acme_") and len(text.split("_", 2)[2]) == 43 for text in texts)


def test_a_key_ends_at_its_time() -> None:
    """And is not listed any more."""
    clock = Clock()
    keys = APIKeys(clock=clock)
    short = keys.create("short", expires_in=60)
    longer = keys.create("longer", expires_in=timedelta(hours=1))
    keys.create("for ever")

    def valid() -> list[bool]:
        async def main() -> list[bool]:
            return [await keys.verify_token(key.key) is not None for key in (short, longer)]

        return asyncio.run(main())

    assert short.expires_at == clock.now + 60
    assert valid() == [True, True]
    clock.now += 61
    assert valid() == [False, True]
    assert [key.name for key in keys.list()] == ["longer", "for ever"]
    clock.now += 3600
    assert valid() == [False, False]


def test_a_key_is_revoked_at_once() -> None:
    """By what one has of it; a session of its own is no way in."""
    keys = APIKeys()
    with http(server(keys)) as client:
        for named in ("id", "prefix", "key", None):
            made = keys.create("ci")
            headers = {"x-api-key": made.key}
            assert client.post(call("who"), headers).status_code == 200
            assert keys.revoke(made if named is None else getattr(made, named)) is True
            assert client.post(call("who"), headers).status_code == 401
    assert keys.revoke("nothing") is False


def test_another_key_of_the_same_name_is_the_same_caller() -> None:
    """So that keys can be changed without anything being lost."""
    keys = APIKeys()
    one, two, other = keys.create("ci"), keys.create("ci"), keys.create("cd")

    with http(server(keys)) as client:

        def principal(key: str) -> str:
            text = client.post(call("who"), {"x-api-key": key}).json()["result"]["content"][0]
            return text["text"].partition('"principal":')[2]

        assert principal(one.key) == principal(two.key) != principal(other.key)


def test_scopes_are_required_of_keys() -> None:
    """Of the whole server, and of a route."""
    keys = APIKeys(required_scopes=["mcp"])
    with http(server(keys)) as client:
        some = {"x-api-key": keys.create("a", scopes=["mcp"]).key}
        none = {"x-api-key": keys.create("b").key}
        statuses = [client.post(call("who"), headers).status_code for headers in (some, none)]
        refused = client.client.get(f"{client.base}/route", headers=some)

    assert statuses == [200, 403]
    assert refused.status_code == 403
    assert 'scope="mcp read"' in refused.headers["www-authenticate"]


def test_a_header_can_be_another_one_or_none() -> None:
    """Bearer tokens are always taken."""
    for header, taken in (("X-Key", [200, 401, 200]), (None, [401, 401, 200])):
        keys = APIKeys(header=header)
        key = keys.create("ci").key
        with http(server(keys)) as client:
            tried = ({"x-key": key}, {"x-api-key": key}, bearer(key))
            assert [client.post(call("who"), each).status_code for each in tried] == taken


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: APIKeys(7), "store="),
        (lambda: APIKeys("nowhere://x"), "store="),
        (lambda: APIKeys(prefix="a_b"), "prefix="),
        (lambda: APIKeys(prefix=""), "prefix="),
        (lambda: APIKeys().create(""), "name"),
        (lambda: APIKeys().create(7), "name"),
        (lambda: APIKeys().create("a", expires_in=0), "expires_in="),
        (lambda: APIKeys().create("a", expires_in=timedelta(-1)), "expires_in="),
        (lambda: APIKeys().create("a", scopes=[""]), "scopes"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, words: str) -> None:
    """When it is asked for, with the name of what is wrong."""
    with pytest.raises(ConfigurationError, match=words):
        make()
