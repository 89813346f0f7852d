"""Skills from servers to folders: fastmcp.utilities.skills."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.server.providers.skills import SkillsDirectoryProvider
from fastmcp.utilities.skills import (
    SkillFile,
    SkillSummary,
    download_skill,
    get_skill_manifest,
    list_skills,
    sync_skills,
)

FILES = {
    "pdf/SKILL.md": b"---\ndescription: Reads\n---\r\n",
    "pdf/scripts/a b.py": b"print('\xc3\xa9')\r\n",
    "pdf/logo.png": b"\x89PNG\0\xff",
    "odd name/SKILL.md": b"# Odd",
}


@pytest.fixture(params=["template", "resources"])
def mcp(request: pytest.FixtureRequest, tmp_path: Path) -> FastMCP:
    """A server with two skills."""
    for name, content in FILES.items():
        path = tmp_path / "skills" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    provider = SkillsDirectoryProvider(tmp_path / "skills", supporting_files=request.param)
    return FastMCP("x", providers=[provider])


def used(mcp: FastMCP, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with Client(mcp) as client:
            return await use(client)

    return asyncio.run(main())


def found(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_skills_are_listed(mcp: FastMCP) -> None:
    """By name, whatever characters are in it."""
    assert used(mcp, list_skills) == [
        SkillSummary("odd name", "Odd", "skill://odd%20name/SKILL.md"),
        SkillSummary("pdf", "Reads", "skill://pdf/SKILL.md"),
    ]


def test_all_skills_are_copied_over_http(mcp: FastMCP, tmp_path: Path) -> None:
    """Byte for byte; those that are there are left alone."""

    async def main(base: str) -> list[list[Path]]:
        async with Client(f"{base}/mcp") as client:
            return [await sync_skills(client, tmp_path / "copy") for _ in range(2)]

    with served(mcp.http_app()) as base:
        first, second = asyncio.run(main(base))

    assert found(tmp_path / "copy") == FILES
    assert [path.name for path in first] == ["odd name", "pdf"]
    assert second == []


def test_a_skill_is_written_over_when_that_is_said(mcp: FastMCP, tmp_path: Path) -> None:
    """What else is in its folder stays."""
    mine = tmp_path / "copy" / "pdf"
    mine.mkdir(parents=True)
    (mine / "mine.txt").write_bytes(b"mine")
    (mine / "SKILL.md").write_bytes(b"old")

    with pytest.raises(FileExistsError, match="overwrite=True"):
        used(mcp, lambda client: download_skill(client, "pdf", tmp_path / "copy"))
    path = used(
        mcp, lambda client: download_skill(client, "pdf", tmp_path / "copy", overwrite=True)
    )

    assert path == mine
    assert found(mine)["mine.txt"] == b"mine"
    assert found(mine)["SKILL.md"] == FILES["pdf/SKILL.md"]


def hostile(**manifest: Any) -> FastMCP:
    """A server that says what it likes."""
    mcp = FastMCP("x")

    @mcp.resource("skill://{name}/_manifest")
    def listing(name: str) -> str:
        return json.dumps(manifest)

    @mcp.resource("skill://{name}/{path*}")
    def file(name: str, path: str) -> str:
        if path == "fails":
            raise ValueError("no such file")
        return "content"

    return mcp


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "link/x"])
def test_a_path_that_leads_elsewhere_stops_the_copy(path: str, tmp_path: Path) -> None:
    """Nothing at all has been written."""
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "copy" / "pdf"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    files = [{"path": name, "size": 1, "hash": "sha256:0"} for name in ("ok.md", path)]
    mcp = hostile(skill="pdf", files=files)

    with pytest.raises(ValueError, match="leads out of"):
        used(mcp, lambda client: download_skill(client, "pdf", tmp_path / "copy", overwrite=True))

    assert found(tmp_path) == {}


@pytest.mark.parametrize("name", ["..", "../x", "/x", "."])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    """Before anything is asked for."""
    with pytest.raises(ValueError, match="name of the skill"):
        used(FastMCP("x"), lambda client: download_skill(client, name, tmp_path))


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither files nor folders."""
    files = [{"path": name, "size": 1, "hash": "sha256:0"} for name in ("ok.md", "fails")]

    with pytest.raises(Exception, match=r"fails|no such file"):
        used(
            hostile(skill="pdf", files=files),
            lambda client: download_skill(client, "pdf", tmp_path),
        )

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("manifest", [{}, {"skill": "x"}, {"skill": "x", "files": [{}]}])
def test_what_is_no_manifest_is_told_so(manifest: dict[str, Any]) -> None:
    """By the name of the skill."""
    with pytest.raises(ValueError, match="manifest of the skill 'pdf'"):
        used(hostile(**manifest), lambda client: get_skill_manifest(client, "pdf"))


def test_a_manifest_is_read(mcp: FastMCP) -> None:
    """Sizes and hashes."""
    manifest = used(mcp, lambda client: get_skill_manifest(client, "odd name"))

    assert (manifest.name, len(manifest.files)) == ("odd name", 1)
    assert isinstance(manifest.files[0], SkillFile)
    assert (manifest.files[0].path, manifest.files[0].size) == ("SKILL.md", 5)
