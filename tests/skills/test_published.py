"""Skills that a server publishes by the extension."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE, http, request, served

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ClientError, ConfigurationError, McpError
from fastmcp.server import create_proxy
from fastmcp.server.middleware import AuthMiddleware
from fastmcp.server.middleware.caching import ResponseCachingMiddleware
from fastmcp.server.providers.skills import (
    ClaudeSkillsProvider,
    SkillProvider,
    SkillsDirectoryProvider,
)
from fastmcp.server.transforms import Transform

from .folders import FILES, main, written

EXTENSION = "io.modelcontextprotocol/skills"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two skills."""
    written(tmp_path / "skills" / "pdf", FILES)
    return written(tmp_path / "skills", {"csv/SKILL.md": main("csv")})


def server(root: Path, **options: Any) -> FastMCP:
    """A server that publishes the skills of a folder."""
    provider = SkillsDirectoryProvider(root, experimental_skills=True, **options)
    return FastMCP("Skills", providers=[provider])


async def listed(mcp: FastMCP) -> list[str]:
    """The URIs of a server's skills."""
    async with Client(mcp) as client:
        return [skill.uri for skill in await client.list_skills()]


@pytest.mark.parametrize("supporting_files", ["template", "resources"])
async def test_a_skill_is_its_frontmatter_and_all_of_its_files(
    root: Path, supporting_files: str
) -> None:
    """With what they are, as the bytes on the disk; and each can be read."""
    async with Client(server(root, supporting_files=supporting_files)) as client:
        assert client.server_capabilities.extensions == {EXTENSION: {"directoryRead": True}}
        csv, pdf = await client.list_skills()
        assert (csv.name, csv.description) == ("csv", "Does things.")
        assert pdf.frontmatter == {
            "name": "pdf",
            "description": "Reads PDF files.",
            "license": "MIT",
            "metadata": {"author": "Ada", "version": "1.0"},
            "levels": [1, 2.5, None, True],
            "allowed-tools": "Bash(python:*) Read",
        }
        said = {each.uri: (each.digest, each.size) for each in pdf.resources}
        assert said == {
            f"skill://pdf/{path.replace(' ', '%20')}": (
                f"sha256:{hashlib.sha256(data).hexdigest()}",
                len(data),
            )
            for path, content in FILES.items()
            for data in [content if isinstance(content, bytes) else content.encode()]
        }
        assert await client.get_skill(pdf.uri) == pdf
        for path, content in FILES.items():
            data = content if isinstance(content, bytes) else content.encode()
            assert await client.read_skill(pdf, path) == data


async def test_what_has_changed_on_the_disk_is_said_by_the_next_request(root: Path) -> None:
    """Also without reload, whose matter it is which skills there are."""
    async with Client(server(root)) as client:
        before = await client.get_skill("skill://csv/SKILL.md")
        written(root / "csv", {"SKILL.md": main("csv", "Reads tables."), "more.txt": "x"})
        after = await client.get_skill("skill://csv/SKILL.md")
        assert (before.description, after.description) == ("Does things.", "Reads tables.")
        assert len(after.resources) == 2
        assert await client.read_skill(after, "more.txt") == b"x"
        (root / "csv" / "SKILL.md").unlink()
        with pytest.raises(McpError, match="Unknown skill"):
            await client.get_skill("skill://csv/SKILL.md")
    (root / "pdf" / "SKILL.md").unlink()
    written(root / "new", {"SKILL.md": main("new")})
    assert await listed(server(root, reload=True)) == ["skill://new/SKILL.md"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"SKILL.md": "# No head"}, "does not begin with frontmatter"),
        ({"SKILL.md": "---\ndescription: x\n---\n"}, "has no name"),
        ({"SKILL.md": "---\nname: 7\ndescription: x\n---\n"}, "has no name"),
        ({"SKILL.md": main("other")}, "'other' is not that of its folder, 'odd'"),
        ({"SKILL.md": "---\nname: odd\n---\n"}, "has no description"),
        ({"SKILL.md": "---\nname: odd\ndescription: ' '\n---\n"}, "has no description"),
        ({"SKILL.md": "---\nname: &a odd\ndescription: x\n---\n"}, "write it in quotes"),
        ({"SKILL.md": main("odd", "x" * 1025)}, "description in its frontmatter has more than"),
        ({"SKILL.md": main("odd", "x\nallowed-tools: [Read]")}, "is no text: ['Read']"),
        ({"SKILL.md": main("odd", "x\nmetadata: x")}, "metadata in its frontmatter is no mapping"),
        ({"SKILL.md": main("odd", "x\nmetadata: {a: 1.0}")}, "metadata.a in its frontmatter is no"),
        ({"SKILL.md": main("odd"), "_manifest": ""}, "hidden by the skill's manifest"),
        ({"SKILL.md": main("odd")} | {f"{n}.txt": "" for n in range(512)}, "513 files"),
        ({"SKILL.md": main("odd"), "big": b"\0" * 16 * 1024 * 1024}, "more than 16777216"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_skill_to_others_is_left_out(
    tmp_path: Path, files: dict[str, str | bytes], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why, once; as resources its files are there all the same."""
    written(tmp_path / "odd", files)
    async with Client(server(tmp_path)) as client:
        with caplog.at_level(logging.WARNING):
            assert await client.list_skills() == await client.list_skills() == []
            with pytest.raises(McpError, match=r"Unknown skill: skill://odd/SKILL\.md") as refused:
                await client.get_skill("skill://odd/SKILL.md")
        assert refused.value.code == -32602
        assert await client.read_resource("skill://odd/SKILL.md")
    assert [reason in each.getMessage() for each in caplog.records] == [True]


@pytest.mark.parametrize("name", ["Odd", "o--d", "-odd", "o_d", "o d", "o" * 65])
async def test_a_name_has_to_be_one_of_agent_skills(tmp_path: Path, name: str) -> None:
    """Lower case, digits, and single hyphens between them."""
    written(tmp_path / name, {"SKILL.md": main(name)})
    written(tmp_path / "a1-b", {"SKILL.md": main("a1-b")})

    assert await listed(server(tmp_path)) == ["skill://a1-b/SKILL.md"]


async def test_a_main_file_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    """It was one when the server began."""
    written(tmp_path, {"csv/SKILL.md": main("csv")})
    mcp = server(tmp_path)
    written(tmp_path, {"csv/SKILL.md": b"---\nname: csv\ndescription: \xff\n---\n"})

    assert await listed(mcp) == []


@pytest.mark.skipif(sys.platform != "linux", reason="file systems of others have no such names")
async def test_a_file_name_that_is_no_text_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a file has no URI, and its skill is not one without it."""
    written(tmp_path, {"csv/SKILL.md": main("csv")})
    Path(os.fsdecode(os.fsencode(tmp_path / "csv") + b"/\xff.txt")).touch()
    async with Client(server(tmp_path)) as client:
        assert await client.list_skills() == []
        with pytest.raises(McpError, match="There is no folder"):
            await client.list_skill_folder("skill://csv")
    assert "the name of its file '\\udcff.txt' is not UTF-8" in caplog.text


async def test_odd_names_of_files_have_their_uris(tmp_path: Path) -> None:
    """Whatever is in them."""
    names = ["a%20b?c#d&e.txt", "\u00fc.txt", "a b.txt", "[x]{y}.txt", "~", ".hidden"]
    files: dict[str, str | bytes] = {f"csv/{name}": name for name in names}
    written(tmp_path, {"csv/SKILL.md": main("csv"), **files})
    async with Client(server(tmp_path)) as client:
        [skill] = await client.list_skills()
        for name in names:
            assert (await client.read_skill(skill, name)).decode() == name
        listed = {each.uri for each in await client.list_skill_folder("skill://csv")}
        assert listed == {each.uri for each in skill.resources}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there, and pipes are others")
async def test_links_and_pipes(tmp_path: Path) -> None:
    """Of links those count that lead to files of the skill; nobody waits for a pipe."""
    written(tmp_path, {"secret": "x", "s/csv/SKILL.md": main("csv"), "s/csv/a.txt": "a"})
    folder = tmp_path / "s" / "csv"
    (folder / "inside.txt").symlink_to("a.txt")
    (folder / "outside.txt").symlink_to(tmp_path / "secret")
    (folder / "nowhere.txt").symlink_to("nothing")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    async with Client(server(tmp_path / "s")) as client:
        [skill] = await client.list_skills()
        paths = [each.uri.removeprefix("skill://csv/") for each in skill.resources]
        assert paths == ["SKILL.md", "a.txt", "inside.txt"]
        assert await client.read_skill(skill, "inside.txt") == b"a"
        [manifest] = await client.read_resource("skill://csv/_manifest")
        assert "pipe" not in manifest.text


async def test_folders_of_a_skill_are_listed(root: Path) -> None:
    """What is directly in them; every path in it can be read or listed in turn."""
    async with Client(server(root)) as client:
        top = await client.list_skill_folder("skill://pdf")
        assert [(each.uri, each.name, each.mime_type, each.size) for each in top] == [
            ("skill://pdf/SKILL.md", "SKILL.md", "text/markdown", len(str(FILES["SKILL.md"]))),
            ("skill://pdf/latin.txt", "latin.txt", "text/plain", 4),
            ("skill://pdf/logo.png", "logo.png", "image/png", 6),
            ("skill://pdf/scripts", "scripts", "inode/directory", None),
        ]
        for uri in ("skill://pdf/scripts/old", "skill://pdf/scripts/old/"):
            [run] = await client.list_skill_folder(uri)
            assert run.uri == "skill://pdf/scripts/old/run%20me.sh"


@pytest.mark.parametrize(
    "uri",
    [
        "skill://pdf/SKILL.md",
        "skill://pdf/scripts/none",
        "skill://pdf/..",
        "skill://pdf/scripts/..",
        "skill://pdf/%2e%2e/csv",
        "skill://pdf//scripts",
        "skill://nobody",
        "skill://",
        "pdf",
        "",
        "skill://" + "a/" * 5000,
    ],
    ids=lambda uri: uri[:40],
)
async def test_what_is_no_folder_of_a_skill_is_refused(root: Path, uri: str) -> None:
    """With the code for parameters, whatever it is."""
    async with Client(server(root)) as client:
        with pytest.raises(McpError, match="There is no folder of a skill at") as refused:
            await client.list_skill_folder(uri)
    assert refused.value.code == -32602


@pytest.mark.parametrize(
    "uri",
    ["skill://pdf", "skill://pdf/_manifest", "skill://pdf/logo.png", "skill://no/SKILL.md", "x"],
)
async def test_what_is_no_skill_is_unknown(root: Path, uri: str) -> None:
    """Only its main file stands for a skill."""
    async with Client(server(root)) as client:
        with pytest.raises(McpError, match=f"Unknown skill: {uri}") as refused:
            await client.get_skill(uri)
    assert (refused.value.code, refused.value.data) == (-32602, {"uri": uri})


async def test_lists_come_in_pages(root: Path) -> None:
    """Of skills and of folders."""
    mcp = FastMCP("Skills", list_page_size=1)
    mcp.add_provider(SkillsDirectoryProvider(root, experimental_skills=True))
    async with Client(mcp) as client:
        page = await client.list_skills_mcp()
        assert [len(page.skills), page.next_cursor is None] == [1, False]
        assert len(await client.list_skills()) == 2
        assert len(await client.list_skill_folder("skill://pdf")) == 4
        with pytest.raises(McpError, match="Invalid cursor"):
            await client.list_skills_mcp("x")


async def test_nothing_is_published_unasked(root: Path) -> None:
    """Nor by a server without any; its methods are not there then."""
    mcp = FastMCP("Skills", providers=[SkillsDirectoryProvider(root)])
    async with Client(mcp) as client:
        assert client.server_capabilities.extensions is None
        for method in ("skills/list", "skills/get", "resources/directory/read"):
            with pytest.raises(McpError, match="publishes no skills") as refused:
                await client.request(method, {"uri": "skill://pdf"})
            assert refused.value.code == -32601
        with pytest.raises(ClientError, match=EXTENSION):
            await client.list_skills()


async def test_a_handshake_knows_nothing_of_skills(root: Path) -> None:
    """The extension is of the modern era."""
    async with Client(server(root), mode=HANDSHAKE) as client:
        assert client.server_capabilities.extensions is None
        with pytest.raises(McpError, match="Method not found in 2025-11-25: skills/list"):
            await client.request("skills/list")


async def test_some_skills_of_a_server_may_be_published(root: Path) -> None:
    """Those of the providers that say so."""
    mcp = FastMCP("Skills", providers=[SkillProvider(root / "csv")])
    mcp.add_provider(SkillProvider(root / "pdf", experimental_skills=True))

    assert await listed(mcp) == ["skill://pdf/SKILL.md"]


async def test_mounted_skills_are_the_host_s(root: Path) -> None:
    """With their paths, in a namespace if there is one, however deep."""
    host, middle = FastMCP("Host"), FastMCP("Middle")
    middle.mount(server(root), "inner")
    host.mount(middle, "outer")
    host.mount(server(root))
    async with Client(host) as client:
        skills = await client.list_skills()
        assert [skill.uri for skill in skills] == [
            "skill://outer/inner/csv/SKILL.md",
            "skill://outer/inner/pdf/SKILL.md",
            "skill://csv/SKILL.md",
            "skill://pdf/SKILL.md",
        ]
        deep = await client.get_skill("skill://outer/inner/pdf/SKILL.md")
        for path in FILES:
            assert await client.read_skill(deep, path)
        [run] = await client.list_skill_folder("skill://outer/inner/pdf/scripts/old")
        assert await client.read_skill(deep, run.uri) == b"echo"
        with pytest.raises(McpError, match="There is no folder"):
            await client.list_skill_folder("skill://outer/inner")


async def test_a_proxy_offers_the_files_and_not_the_extension(root: Path) -> None:
    """It would have to vouch for what it has not seen."""
    async with Client(create_proxy(server(root))) as client:
        assert EXTENSION not in (client.server_capabilities.extensions or {})
        assert await client.read_resource("skill://pdf/scripts/read.py")
        with pytest.raises(ClientError, match=EXTENSION):
            await client.list_skills()


async def test_a_hidden_skill_is_not_there(root: Path) -> None:
    """As the resource that its main file is."""
    mcp = server(root)
    mcp.disable(names={"skill://pdf/SKILL.md"}, components={"resource"})
    async with Client(mcp) as client:
        assert [skill.name for skill in await client.list_skills()] == ["csv"]
        with pytest.raises(McpError, match="Unknown skill"):
            await client.get_skill("skill://pdf/SKILL.md")
        with pytest.raises(McpError, match="There is no folder"):
            await client.list_skill_folder("skill://pdf/scripts")


class ForFew(Transform):
    """What only some may see."""

    async def list_resources(self, resources: Any) -> Any:
        """Each with a check that the callers of these tests do not pass."""
        return [each.model_copy(update={"auth": lambda _: False}) for each in resources]

    async def get_resource(self, uri: str, call_next: Any, *, version: Any = None) -> Any:
        """The same."""
        found = await call_next(uri, version=version)
        return found and (await self.list_resources([found]))[0]


async def test_a_skill_that_a_caller_may_not_see_is_not_there(root: Path) -> None:
    """In no answer."""
    mcp = server(root)
    mcp.providers[-1].add_transform(ForFew())
    async with Client(mcp) as client:
        assert await client.list_skills() == []
        with pytest.raises(McpError, match="Unknown skill"):
            await client.get_skill("skill://pdf/SKILL.md")
        with pytest.raises(McpError, match="There is no folder"):
            await client.list_skill_folder("skill://pdf/scripts")


@pytest.mark.parametrize("mounted", [False, True])
async def test_a_skill_that_middleware_hides_is_not_there(root: Path, mounted: bool) -> None:
    """What it does to the list of resources it does to that of skills."""
    mcp = server(root)
    mcp.add_middleware(AuthMiddleware(lambda ctx: "pdf" not in ctx.component.key))
    if mounted:
        mcp, inner = FastMCP("Host"), mcp
        mcp.mount(inner)
    async with Client(mcp) as client:
        assert [skill.name for skill in await client.list_skills()] == ["csv"]
        assert await client.list_skill_folder("skill://csv")
        with pytest.raises(McpError, match="Unknown skill"):
            await client.get_skill("skill://pdf/SKILL.md")
        with pytest.raises(McpError, match="There is no folder"):
            await client.list_skill_folder("skill://pdf/scripts")


async def test_skills_are_listed_by_a_server_that_keeps_its_lists(root: Path) -> None:
    """Its middleware has other objects for the same resources."""
    mcp = server(root)
    mcp.add_middleware(ResponseCachingMiddleware())
    async with Client(mcp) as client:
        for _ in range(2):
            await client.list_resources()
            csv, _ = await client.list_skills()
            assert await client.read_skill(csv)


def test_a_raw_request_over_http(root: Path) -> None:
    """The entry is what the extension says, with hints for keeping it."""
    with http(server(root)) as client:
        answer = client.modern(request("skills/get", uri="skill://csv/SKILL.md")).json()
        skill = answer["result"]["skill"]
        assert answer["result"].keys() >= {"ttlMs", "cacheScope", "resultType"}
        assert skill.keys() == {"uri", "frontmatter", "resources"}
        assert [file.keys() for file in skill["resources"]] == [{"uri", "digest", "size"}]


async def test_a_client_of_several_servers_says_that_it_cannot_list(root: Path) -> None:
    """Their skills are read one server at a time; resources are those of all."""
    app = server(root).http_app()
    with served(app) as one, served(FastMCP("Plain").http_app()) as two:
        entries = {"one": {"url": f"{one}/mcp"}, "two": {"url": f"{two}/mcp"}}
        async with Client({"mcpServers": entries}) as client:
            with pytest.raises(McpError, match="skills/list cannot be asked of several servers"):
                await client.list_skills()
            assert len(await client.list_resources()) == 4


def test_a_published_skill_has_the_usual_main_file(root: Path) -> None:
    """Clients know it by that."""
    for made in (SkillProvider, SkillsDirectoryProvider):
        with pytest.raises(ConfigurationError, match=r"main_file_name=.SKILL\.md., not .x\.md."):
            made(root / "pdf", main_file_name="x.md", experimental_skills=True)


async def test_agents_folders_may_be_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As others."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    written(tmp_path / ".claude" / "skills", {"csv/SKILL.md": main("csv")})
    provider = ClaudeSkillsProvider(experimental_skills=True)

    assert await listed(FastMCP("Skills", providers=[provider])) == ["skill://csv/SKILL.md"]
