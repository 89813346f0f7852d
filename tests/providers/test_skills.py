"""Skills: folders as resources, confined to themselves."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.server.providers import skills
from fastmcp.server.providers.skills import SkillProvider, SkillsDirectoryProvider

SECONDS = 20
PDF = """---
name: pdf-processing
description: >-
  Reads PDF files.
  Use when: a user has one.
---

# PDF

Run scripts/read.py.
"""


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A skill with files of many kinds."""
    files: dict[str, str | bytes] = {
        "SKILL.md": PDF,
        "reference.md": "# More\r\n",
        "scripts/read.py": "print(1)\n",
        "data/table.json": '{"a": 1}',
        "data/odd name.csv": "a,b",
        "notes": "plain é",
        "logo.png": b"\x89PNG\0\xff",
        "latin.txt": b"caf\xe9",
    }
    return written(tmp_path / "skills" / "pdf", files)


def used(provider: Any, use: Callable[[Client], Awaitable[Any]]) -> Any:
    """What a client does with a server that has the provider."""

    async def main() -> Any:
        async with Client(FastMCP("x", providers=[provider])) as client:
            return await use(client)

    return asyncio.run(main())


def read(provider: Any, *uris: str) -> list[Any]:
    """The content at each URI, or the error."""

    async def use(client: Client) -> list[Any]:
        found: list[Any] = []
        for uri in uris:
            try:
                [content] = await client.read_resource(uri)
            except McpError as error:
                found.append(error)
            else:
                text = getattr(content, "text", None)
                found.append(base64.b64decode(content.blob) if text is None else text)
        return found

    return used(provider, use)


def test_a_skill_is_its_main_file_its_manifest_and_a_template(pdf: Path) -> None:
    """The description is that of the frontmatter; hashes and sizes are of the files' bytes."""

    async def use(client: Client) -> tuple[Any, Any, Any]:
        resources = await client.list_resources()
        templates = await client.list_resource_templates()
        [manifest] = await client.read_resource("skill://pdf/_manifest")
        return resources, templates, manifest

    resources, [template], manifest = used(SkillProvider(pdf), use)

    main, listing = resources
    assert (str(main.uri), main.name, main.mime_type) == (
        "skill://pdf/SKILL.md",
        "pdf/SKILL.md",
        "text/markdown",
    )
    assert main.description == "Reads PDF files. Use when: a user has one."
    assert main.meta["fastmcp"]["skill"] == {"name": "pdf", "is_manifest": False}
    assert (str(listing.uri), listing.mime_type) == ("skill://pdf/_manifest", "application/json")
    assert listing.meta["fastmcp"]["skill"] == {"name": "pdf", "is_manifest": True}
    assert (template.uri_template, template.name) == ("skill://pdf/{path*}", "pdf_files")
    said = json.loads(manifest.text)
    assert said["skill"] == "pdf"
    assert {file["path"]: (file["size"], file["hash"]) for file in said["files"]} == {
        path.relative_to(pdf).as_posix(): (
            path.stat().st_size,
            "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in pdf.rglob("*")
        if path.is_file()
    }


def test_files_are_texts_where_they_are(pdf: Path) -> None:
    """Byte for byte; what is no text is a blob."""
    names = ["SKILL.md", "reference.md", "scripts/read.py", "data/table.json", "notes", "logo.png"]

    contents = read(SkillProvider(pdf), *(f"skill://pdf/{name}" for name in names))
    latin, odd = read(
        SkillProvider(pdf), "skill://pdf/latin.txt", "skill://pdf/data/odd%20name.csv"
    )

    assert contents == [
        PDF,
        "# More\r\n",
        "print(1)\n",
        '{"a": 1}',
        "plain é",
        b"\x89PNG\0\xff",
    ]
    assert (latin, odd) == (b"caf\xe9", "a,b")


def test_files_are_listed_where_that_is_asked_for(pdf: Path) -> None:
    """Each as a resource with its type, and no template."""
    provider = SkillProvider(pdf, supporting_files="resources")

    async def use(client: Client) -> tuple[list[Any], list[Any]]:
        return await client.list_resources(), await client.list_resource_templates()

    resources, templates = used(provider, use)

    types = {str(resource.uri): resource.mime_type for resource in resources}
    assert types["skill://pdf/data/table.json"] == "application/json"
    assert types["skill://pdf/logo.png"] == "image/png"
    assert types["skill://pdf/notes"] == "application/octet-stream"
    assert len(types) == 9 and templates == []
    assert read(provider, "skill://pdf/data/odd%20name.csv") == ["a,b"]


def test_nothing_outside_of_the_folder_is_read(pdf: Path, tmp_path: Path) -> None:
    """Neither by a path nor by a link, whatever it leads to; and it is not told what is there."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    written(tmp_path / "skills" / "other", {"SKILL.md": "x"})
    (pdf / "link.txt").symlink_to(secret)
    (pdf / "up").symlink_to(tmp_path)
    (pdf / "loop").symlink_to(pdf / "loop")
    (pdf / "gone").symlink_to(tmp_path / "nothing")
    (pdf / "inside").symlink_to(pdf / "notes")
    paths = [
        "../../secret.txt",
        "..%2F..%2Fsecret.txt",
        "%2e%2e/%2e%2e/secret.txt",
        "../other/SKILL.md",
        "link.txt",
        "up/secret.txt",
        "loop",
        "gone",
        "missing.md",
        "scripts",
        "",
        "a%00b",
        f"/{secret}",
        str(secret).replace("/", "%2F"),
    ]

    for way in ("template", "resources"):
        provider = SkillProvider(pdf, supporting_files=way)  # type: ignore[arg-type]
        found = read(provider, *(f"skill://pdf/{path}" for path in paths))
        assert all(isinstance(each, McpError) for each in found), found
        assert not any("escape" in str(each) or "secret\n" in str(each) for each in found)
        [manifest] = read(provider, "skill://pdf/_manifest")
        listed = {file["path"] for file in json.loads(manifest)["files"]}
        assert "inside" in listed
        assert listed.isdisjoint({"link.txt", "loop", "gone", "up", "up/secret.txt"})


def test_a_main_file_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    """As is a folder that is none, has none, or is read in no known way."""
    outside = tmp_path / "outside.md"
    outside.write_text("x")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "SKILL.md").symlink_to(outside)
    for path, error, said in [
        (linked, ValueError, "leads out"),
        (tmp_path / "none", FileNotFoundError, "no such directory"),
        (tmp_path, FileNotFoundError, "has no SKILL.md"),
        (written(tmp_path / "latin", {"SKILL.md": b"\xff"}), ValueError, "not UTF-8"),
    ]:
        with pytest.raises(error, match=said):
            SkillProvider(path)
    with pytest.raises(ConfigurationError, match="'template' or 'resources'"):
        SkillProvider(outside, supporting_files="other")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "description"),
    [
        ("# Title\n\nText", "Title"),
        ("\n\nText first\n# Title", "Text first"),
        ("---\nname: x\n---\n\n## Second\n", "Second"),
        ("---\ndescription: 'It''s: here' # no\n---\nText", "It's: here"),
        ("\ufeff---\r\ndescription: |\r\n  Two\r\n  lines\r\n---\r\n", "Two\nlines"),
        ("---\ndescription: [a]\n---\n" + "x" * 300, "x" * 200),
        ("", "Skill: s"),
        ("---\nnever closed", "---"),
    ],
)
def test_the_description_is_found(tmp_path: Path, content: str, description: str) -> None:
    """In the frontmatter, or else the first line."""
    provider = SkillProvider(written(tmp_path / "s", {"SKILL.md": content}))

    assert provider.skill_info.description == description


def test_a_root_that_is_missing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Or is no folder; those of agents need not be there."""
    (tmp_path / "file").write_text("x")
    SkillsDirectoryProvider([tmp_path / "none", tmp_path / "file"])
    assert f"There is nothing at {tmp_path / 'none'}, where skills are looked for" in caplog.text
    assert f"{tmp_path / 'file'} is no folder" in caplog.text
    caplog.clear()
    skills.CodexSkillsProvider()
    assert not caplog.records


def test_folders_of_skills_are_searched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first of a name wins; what cannot be read is told of; links to folders are followed."""
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    written(first, {"a/SKILL.md": "A1", "b/SKILL.md": "B", "none/README.md": "", "file.md": ""})
    written(second, {"a/SKILL.md": "A2", "bad/SKILL.md": b"\xff", "c d/SKILL.md": "C"})
    written(third, {"linked/SKILL.md": "L"})
    (second / "link").symlink_to(third / "linked")
    (second / "loop").symlink_to(second / "loop")
    provider = SkillsDirectoryProvider([first, str(second), tmp_path / "missing"])

    names = ["a", "b", "c%20d", "linked"]
    contents = read(provider, *(f"skill://{name}/SKILL.md" for name in names))

    assert contents == ["A1", "B", "C", "L"]
    assert [each.skill_info.name for each in provider.providers] == ["a", "b", "c d", "linked"]
    assert "The skill bad is left out" in caplog.text
    assert "SkillsDirectoryProvider(" in repr(provider)


def test_changes_on_the_disk_are_seen_by_the_next_request(tmp_path: Path) -> None:
    """New, changed and removed skills; clients are told of them."""
    written(tmp_path, {"a/SKILL.md": "one", "gone/SKILL.md": "x"})
    provider = SkillsDirectoryProvider(tmp_path, reload=True)
    fixed = SkillsDirectoryProvider(tmp_path)
    mcp = FastMCP("x", providers=[provider])

    async def main() -> None:
        heard = asyncio.Event()

        async def on_message(message: Any) -> None:
            if "resources/list_changed" in str(getattr(message, "method", "")):
                heard.set()

        async with Client(mcp, mode="legacy", message_handler=on_message) as client:
            assert len(await client.list_resources()) == 4
            written(tmp_path, {"a/SKILL.md": "two", "b/SKILL.md": "new", "b/x.md": "x"})
            (tmp_path / "gone" / "SKILL.md").unlink()
            [content] = await client.read_resource("skill://b/x.md")
            assert content.text == "x"
            descriptions = {str(r.uri): r.description for r in await client.list_resources()}
            assert descriptions["skill://a/SKILL.md"] == "two"
            assert set(descriptions) == {
                f"skill://{name}/{file}" for name in "ab" for file in ("SKILL.md", "_manifest")
            }
            [manifest] = await client.read_resource("skill://b/_manifest")
            assert len(json.loads(manifest.text)["files"]) == 2
            async with asyncio.timeout(SECONDS):
                await heard.wait()
            heard.clear()
            written(tmp_path, {"c/SKILL.md": "nobody asks"})
            async with asyncio.timeout(SECONDS):
                await heard.wait()

    asyncio.run(main())
    assert [each.skill_info.name for each in fixed.providers] == ["a", "gone"]


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("ClaudeSkillsProvider", [".claude/skills"]),
        ("CursorSkillsProvider", [".cursor/skills"]),
        ("VSCodeSkillsProvider", [".copilot/skills"]),
        ("CodexSkillsProvider", [".codex/skills"]),
        ("GeminiSkillsProvider", [".gemini/skills"]),
        ("GooseSkillsProvider", [".config/agents/skills"]),
        ("CopilotSkillsProvider", [".copilot/skills"]),
        ("OpenCodeSkillsProvider", [".config/opencode/skills"]),
    ],
)
def test_agents_keep_skills_in_known_folders(
    name: str, folders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the home of the user."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in folders:
        written(tmp_path / folder, {"mine/SKILL.md": "Mine", "mine/a.txt": "a"})

    provider = getattr(skills, name)(supporting_files="resources")

    assert read(provider, "skill://mine/SKILL.md", "skill://mine/a.txt") == ["Mine", "a"]


def test_skills_have_namespaces_as_everything_has(pdf: Path) -> None:
    """By `add_provider`."""
    mcp = FastMCP("x")
    mcp.add_provider(SkillProvider(pdf), namespace="office")

    async def main() -> list[Any]:
        async with Client(mcp) as client:
            uris = [str(resource.uri) for resource in await client.list_resources()]
            return [*uris, (await client.read_resource("skill://office/pdf/notes"))[0].text]

    assert asyncio.run(main()) == [
        "skill://office/pdf/SKILL.md",
        "skill://office/pdf/_manifest",
        "plain é",
    ]


def test_paths_that_users_import() -> None:
    """Those of FastMCP."""
    from fastmcp.server.providers.skills.claude_provider import ClaudeSkillsProvider

    from fastmcp.server.providers.skills.directory_provider import SkillsProvider

    assert ClaudeSkillsProvider is skills.ClaudeSkillsProvider
    assert SkillsProvider is skills.SkillsProvider is SkillsDirectoryProvider
