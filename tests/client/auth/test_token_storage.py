"""What a client keeps, and where."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from key_value.aio.stores.memory import MemoryStore

from fastmcp import settings
from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthToken
from fastmcp.client.auth import FileTokenStorage
from fastmcp.client.auth.token_storage import (
    MemoryTokenStorage,
    StoredToken,
    TokenStorageAdapter,
)
from fastmcp.exceptions import ConfigurationError

SERVER = "https://mcp.example/mcp"
ISSUER = "https://login.example"


def token(text: str = "s3cret", issuer: str = ISSUER, **members: Any) -> StoredToken:
    given = OAuthToken(access_token=text, refresh_token=f"{text}-again", **members)
    return StoredToken(given, issuer, SERVER, time.time() + 60, "a b")


def stores(folder: Path) -> list[Any]:
    return [MemoryTokenStorage(), MemoryStore(), FileTokenStorage(folder, "key")]


@pytest.mark.parametrize("kind", [0, 1, 2])
async def test_every_kind_of_store_gives_back_what_was_kept(kind: int, tmp_path: Path) -> None:
    """Ours, those of py-key-value, and files."""
    store = stores(tmp_path)[kind]
    client = OAuthClientInformationFull(client_id="c", client_secret="s", issuer=ISSUER)
    await TokenStorageAdapter(store, SERVER).keep(token())
    await TokenStorageAdapter(store, SERVER).keep_client(client, ISSUER)
    again = TokenStorageAdapter(store, SERVER)

    assert await again.load() == await TokenStorageAdapter(store, SERVER).load()
    assert (await again.get_tokens()) == token().token
    assert (await again.get_client_info()) == client
    assert abs((await again.get_token_expiry() or 0) - time.time() - 60) < 5
    assert await TokenStorageAdapter(store, f"{SERVER}/other").load() is None
    assert await TokenStorageAdapter(store, SERVER, "another client").load() is None
    await again.clear()
    assert await TokenStorageAdapter(store, SERVER).load() is None
    assert await again.get_client_info() is None


async def test_what_one_authority_gave_is_not_found_for_another() -> None:
    """Neither tokens nor clients."""
    store = MemoryTokenStorage()
    adapter = TokenStorageAdapter(store, SERVER)
    client = OAuthClientInformationFull(client_id="c", issuer=ISSUER)
    await adapter.keep(token())
    await adapter.keep_client(client, ISSUER)
    await adapter.keep(token("other", "https://other.example"))

    assert (await adapter.load() or token()).token.access_token == "other"
    assert await adapter.client_of("https://other.example") is None
    assert await adapter.client_of(ISSUER) == client


async def test_a_client_whose_secret_expired_is_none() -> None:
    """It registers again."""
    adapter = TokenStorageAdapter(MemoryTokenStorage(), SERVER)
    for end, known in ((int(time.time()) - 1, False), (int(time.time()) + 60, True), (0, True)):
        one = OAuthClientInformationFull(client_id="c", client_secret_expires_at=end, issuer=ISSUER)
        await adapter.drop_client(ISSUER)
        await adapter.keep_client(one, ISSUER)
        assert (await adapter.client_of(ISSUER) is not None) is known


async def test_tokens_that_were_got_otherwise_can_be_kept() -> None:
    """Also as objects of another library."""

    class Other:
        def model_dump(self, **_: Any) -> dict[str, Any]:
            return {"access_token": "x", "token_type": "Bearer", "expires_in": 60}

    adapter = TokenStorageAdapter(MemoryTokenStorage(), SERVER)
    await adapter.keep(token())
    await adapter.set_tokens(Other())

    assert (await adapter.get_tokens() or token().token).access_token == "x"


@pytest.mark.parametrize("kept", [{}, {"token": 1}, {"token": {"access_token": 1}}])
async def test_what_cannot_be_read_counts_as_nothing(kept: Any) -> None:
    """Of an older version, or damaged."""
    store = MemoryTokenStorage()
    adapter = TokenStorageAdapter(store, SERVER)
    await adapter.keep(token())
    ((collection, key),) = [each for each in store._kept if each[0] == "mcp-oauth-token"]
    await store.put(key, kept, collection=collection)

    assert await adapter.load() is None


async def test_files_are_for_their_user_alone(tmp_path: Path) -> None:
    """Encrypted, unreadable for others, with a key of its own if none is given."""
    folder = tmp_path / "data" / "tokens"
    await TokenStorageAdapter(FileTokenStorage(folder), SERVER).keep(token())

    files = list(folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    content = b"".join(file.read_bytes() for file in files)
    for text in ("s3cret", "login.example", "mcp.example"):
        assert text.encode() not in content
        assert not [file for file in files if text in file.name]
    assert await TokenStorageAdapter(FileTokenStorage(folder), SERVER).load() is not None


async def test_the_folder_is_that_of_the_users_data(tmp_path: Path) -> None:
    """As `settings.home` says."""
    before = settings.home
    settings.home = tmp_path
    try:
        await TokenStorageAdapter(FileTokenStorage(encryption_key="k"), SERVER).keep(token())
    finally:
        settings.home = before

    assert len(list((tmp_path / "oauth-tokens").iterdir())) == 2


async def test_another_key_reads_nothing(tmp_path: Path) -> None:
    """The person signs in again; nothing breaks."""
    await TokenStorageAdapter(FileTokenStorage(tmp_path, "one"), SERVER).keep(token())
    for key in ("two", Fernet.generate_key()):
        assert await TokenStorageAdapter(FileTokenStorage(tmp_path, key), SERVER).load() is None
    for file in tmp_path.iterdir():
        file.write_bytes(b"damaged")
    assert await TokenStorageAdapter(FileTokenStorage(tmp_path, "one"), SERVER).load() is None


@pytest.mark.parametrize("key", ["", " ", b""])
def test_an_empty_key_is_refused(key: Any) -> None:
    """As of a variable that is not set."""
    with pytest.raises(ConfigurationError, match="empty"):
        FileTokenStorage(encryption_key=key)


async def test_processes_that_begin_together_share_one_key(tmp_path: Path) -> None:
    """Whoever made it first."""
    storages = [FileTokenStorage(tmp_path) for _ in range(8)]
    await asyncio.gather(
        *(each.put(str(number), {"n": number}) for number, each in enumerate(storages))
    )

    for number in range(8):
        assert await storages[0].get(str(number)) == {"n": number}
    assert not [file for file in os.listdir(tmp_path) if file.endswith(".part")]


async def test_an_entry_ends_with_its_time(tmp_path: Path) -> None:
    """And can be removed before."""
    for store in stores(tmp_path):
        await store.put("a", {"x": 1}, ttl=0.001)
        await asyncio.sleep(0.01)
        assert await store.get("a") is None
        await store.put("b", {"x": 1})
        assert await store.delete("b")
        assert not await store.delete("b")
