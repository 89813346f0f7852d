"""`configure_oauth_storage`: servers share what OAuth keeps, and nobody else can read it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
from apps import Mcp, messages, request, served
from cryptography.fernet import Fernet
from key_value.aio.stores.memory import MemoryStore
from redis_server import redis_server

from fastmcp import FastMCP, settings
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth import MultiAuth
from fastmcp.server.auth.oauth.stored import StoredOAuthProvider
from fastmcp.server.backplane import EncryptedBackplane

BASE = "https://mcp.example.com"
CLIENT = {"redirect_uris": ["http://127.0.0.1:5000/callback"], "client_name": "Probe"}


def server(**options: Any) -> FastMCP:
    """A server that clients register at."""
    return FastMCP("S", auth=StoredOAuthProvider(base_url=BASE, authenticate=lambda request: "ann"))


@asynccontextmanager
async def asking(mcp: FastMCP) -> AsyncGenerator[httpx2.AsyncClient]:
    app = mcp.http_app(stateless_http=True)
    transport = httpx2.ASGITransport(app=app)
    async with app.lifespan(app), httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        try:
            yield http
        finally:
            await mcp._parts.oauth_storage.close()


async def registered(mcp: FastMCP) -> dict[str, Any]:
    async with asking(mcp) as http:
        answer = await http.post("/register", json=CLIENT)
        assert answer.status_code == 201, answer.text
        return answer.json()


async def knows(mcp: FastMCP, client: dict[str, Any]) -> bool:
    """Whether a client can authenticate itself at a server."""
    async with asking(mcp) as http:
        form = {"grant_type": "authorization_code", "code": "none", "code_verifier": "v" * 43}
        answer = await http.post(
            "/token",
            data={
                **form,
                "client_id": client["client_id"],
                "client_secret": client["client_secret"],
                "redirect_uri": CLIENT["redirect_uris"][0],
            },
        )
        error = answer.json()["error"]
        assert error in ("invalid_grant", "invalid_client"), answer.text
        return error == "invalid_grant"


@pytest.mark.parametrize("decodes", [True, False])
async def test_a_client_of_one_server_is_known_to_another_through_redis(
    tmp_path: Path, decodes: bool
) -> None:
    """Register at A, authenticate at B; whatever redis has, the secret is not in it."""
    with (
        redis_server(tmp_path) as running,
        redis.Redis.from_url(running.url, decode_responses=decodes) as client,
    ):
        servers = [server(), server()]
        for mcp in servers:
            mcp.configure_oauth_storage(
                backend="redis", redis_client=client, encryption_key="your-fernet-key"
            )
        known = await registered(servers[0])
        assert await knows(servers[1], known)
        with redis.Redis.from_url(running.url) as raw:
            kept = {key: raw.dump(key) for key in raw.scan_iter()}
        assert kept
        for text in (known["client_secret"], known["client_id"], "Probe"):
            assert text.encode() not in repr(kept).encode()


async def test_with_another_key_a_client_is_not_known(tmp_path: Path) -> None:
    """Two servers with keys of their own do not see each other's clients in one file."""
    one, other = server(), server()
    path = tmp_path / "deep" / "oauth.db"
    one.configure_oauth_storage("sqlite", path=path, encryption_key=Fernet.generate_key())
    other.configure_oauth_storage("sqlite", path=path, encryption_key=Fernet.generate_key())
    known = await registered(one)
    assert not await knows(other, known)


@pytest.mark.parametrize("backend", ["file", "sqlite", "url", "key-value"])
async def test_every_backend_keeps_clients(backend: str, tmp_path: Path) -> None:
    """What one server keeps in a backend, the next one finds there."""
    store = MemoryStore()
    given: dict[str, dict[str, Any]] = {
        "file": {"backend": "file", "path": tmp_path / "folder"},
        "sqlite": {"backend": "sqlite", "path": tmp_path / "one.db"},
        "url": {
            "backend": f"sqlite:///{tmp_path / 'two.db'}",
            "encryption_key": "k" * 8 + "4711-x",
        },
        "key-value": {"backend": store, "encryption_key": "another passphrase, 4711"},
    }
    one, other = server(), server()
    one.configure_oauth_storage(**given[backend])
    other.configure_oauth_storage(**given[backend])
    assert await knows(other, await registered(one))


async def test_a_provider_inside_of_another_keeps_things_there_as_well(tmp_path: Path) -> None:
    """The server of a MultiAuth is given the storage."""
    inner = StoredOAuthProvider(base_url=BASE, authenticate=lambda request: "ann")
    one = FastMCP("S", auth=MultiAuth(server=inner))
    other = server()
    for mcp in (one, other):
        mcp.configure_oauth_storage("file", path=tmp_path)
    assert await knows(other, await registered(one))


def test_nothing_is_connected_to_before_it_is_used() -> None:
    """A server that is not there is no error yet."""
    mcp = server()
    mcp.configure_oauth_storage(
        redis_client="redis://127.0.0.1:1/0", encryption_key="a key that nobody guesses"
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [("your-fernet-key", True), ("short", True), (Fernet.generate_key().decode(), False)],
    ids=["placeholder", "short", "good"],
)
def test_a_key_that_can_be_guessed_is_warned_of(
    key: str, said: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Placeholders and short keys are taken, with a warning; a key of Fernet's without."""
    server().configure_oauth_storage("sqlite", path=tmp_path / "a.db", encryption_key=key)
    assert ("easily guessed" in caplog.text) is said
    assert key not in caplog.text


def test_the_sessions_of_a_stateful_server_are_kept_with_it(tmp_path: Path) -> None:
    """A server that has sessions and no store for them has them in the same backend."""
    stateful, stateless, own = server(), FastMCP("S", stateless_http=True), None
    own = FastMCP("S", session_store=f"sqlite:///{tmp_path / 'own.db'}")
    theirs = own._parts.cluster
    for mcp in (stateful, stateless, own):
        mcp.configure_oauth_storage("sqlite", path=tmp_path / "a.db")
    assert stateful._parts.cluster is not None
    assert isinstance(stateful._parts.cluster.backplane, EncryptedBackplane)
    assert stateless._parts.cluster is None
    assert own._parts.cluster is theirs
    memory = server()
    memory.configure_oauth_storage("memory")
    assert memory._parts.cluster is None


def test_a_session_of_one_server_is_served_by_another(tmp_path: Path) -> None:
    """Two servers on one file, set by the same call, serve each other's sessions."""
    pair = [FastMCP("S"), FastMCP("S")]
    for mcp in pair:
        mcp.configure_oauth_storage("file", path=tmp_path)
    with (
        served(pair[0].http_app()) as one,
        served(pair[1].http_app()) as other,
        Mcp(one) as first,
        Mcp(other) as second,
    ):
        session = first.open()
        [answer] = messages(second.post(request("ping"), session))
        assert answer["result"] == {}


def test_the_key_of_the_environment_is_for_those_who_give_none(tmp_path: Path) -> None:
    """FASTMCP_OAUTH_ENCRYPTION_KEY is in the place of encryption_key=."""
    with settings.temporarily(oauth_encryption_key=Fernet.generate_key().decode()):
        server().configure_oauth_storage(redis_client="redis://127.0.0.1:1/0")
    with pytest.raises(ConfigurationError, match="FASTMCP_OAUTH_ENCRYPTION_KEY"):
        server().configure_oauth_storage(redis_client="redis://127.0.0.1:1/0")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "mongo"}, "redis"),
        ({"backend": "redis"}, "redis_client="),
        ({"backend": "redis", "redis_client": 1, "encryption_key": "x" * 20}, "redis-py"),
        ({"backend": "sqlite", "encryption_key": 7}, "encryption_key="),
        ({"backend": None}, "backend="),
        ({"backend": "sqlite", "path": "/dev/null/x.db"}, "path="),
    ],
)
def test_options_that_cannot_be_name_what_is_wrong(options: dict[str, Any], said: str) -> None:
    """Each mistake has its error, with what would be right."""
    with pytest.raises(ConfigurationError, match=said):
        server().configure_oauth_storage(**options)


def test_it_comes_before_the_application() -> None:
    """An application has its storage by then; setting another one would do nothing."""
    mcp = server()
    mcp.http_app()
    with pytest.raises(ConfigurationError, match="before http_app"):
        mcp.configure_oauth_storage("memory")
