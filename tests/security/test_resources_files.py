"""Files: what can be read through resources, and who can read what we write."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from fastmcp import Client, FastMCP
from fastmcp.client.auth import FileTokenStorage
from fastmcp.exceptions import McpError
from fastmcp.resources import DirectoryResource
from fastmcp.server.event_store import BackplaneEventStore
from fastmcp.server.middleware.audit import AuditMiddleware
from fastmcp.server.providers.skills import SkillProvider


def folder_with_a_neighbour(tmp_path: Path) -> Path:
    """A folder; beside it one whose name begins alike, and a secret; links lead to both."""
    root, neighbour = tmp_path / "docs", tmp_path / "docs-secret"
    root.mkdir()
    neighbour.mkdir()
    (root / "SKILL.md").write_text("# Public", "utf-8")
    (neighbour / "key.txt").write_text("SECRET", "utf-8")
    (root / "link.txt").symlink_to(neighbour / "key.txt")
    (root / "folder").symlink_to(neighbour)
    (root / "hop").symlink_to(root / "link.txt")
    return root


@pytest.mark.parametrize(
    "path",
    [
        "../docs-secret/key.txt",
        "..%2fdocs-secret%2fkey.txt",
        "%2e%2e/docs-secret/key.txt",
        "%252e%252e%252fdocs-secret%252fkey.txt",
        "..%5cdocs-secret%5ckey.txt",
        "./../docs-secret/key.txt",
        "folder/key.txt",
        "folder/../../docs-secret/key.txt",
        "link.txt",
        "hop",
        "SKILL.md%00.txt",
        "{root}/../docs-secret/key.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "C:%5cWindows%5cwin.ini",
        "%5c%5chost%5cshare%5ckey.txt",
    ],
)
async def test_cve_2025_53109_a_skill_does_not_lead_out_of_its_folder(
    tmp_path: Path, path: str
) -> None:
    """Neither by its prefix, nor by links, nor by any way of writing a path."""
    root = folder_with_a_neighbour(tmp_path)
    mcp = FastMCP("skilled", providers=[SkillProvider(root)])
    async with Client(mcp) as client:
        assert (await client.read_resource("skill://docs/SKILL.md"))[0].text == "# Public"
        with pytest.raises(McpError) as refused:
            await client.read_resource(f"skill://docs/{path.format(root=root)}")

    assert "SECRET" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value).replace(path.format(root=root), "")


async def test_cve_2025_53110_a_directory_lists_nothing_behind_its_links(tmp_path: Path) -> None:
    """A neighbour whose path begins with that of the directory is not within it."""
    root = folder_with_a_neighbour(tmp_path)
    for pattern in ("**/*", "*", "folder/*", "../docs-secret/*"):
        directory = DirectoryResource(
            uri="dir://docs", name="docs", path=root, recursive=True, pattern=pattern
        )
        mcp = FastMCP("listing")
        mcp.add_resource(directory)
        async with Client(mcp) as client:
            try:
                listed = (await client.read_resource("dir://docs"))[0].text
            except McpError as error:
                listed = str(error)
        assert "key" not in listed
        assert "link" not in listed


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
async def test_files_of_ours_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Stores and audit logs have in them what others must not read, whatever the umask says."""
    before = os.umask(0)
    try:
        mcp = FastMCP("writing", middleware=[AuditMiddleware(tmp_path / "audit.log")])

        @mcp.tool
        def f() -> str:
            return "f"

        async with Client(mcp) as client:
            await client.call_tool("f")
        store = BackplaneEventStore(f"sqlite:///{tmp_path / 'events.db'}")
        await store.store_event("stream", None)
        await FileTokenStorage(tmp_path).put("key", {"token": "secret"})
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
        await store.close()
    finally:
        os.umask(before)

    assert {"audit.log", "events.db", "key"} <= modes.keys()
    assert set(modes.values()) == {0o600}
