"""Skills as a client reads them: what is not as its server said is not used."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any

import pytest
from apps import MODERN
from client.scripted import ScriptedServer

from fastmcp import Client
from fastmcp.client.caching import CacheConfig
from fastmcp.exceptions import ClientError, InvalidParams, SkillVerificationError
from fastmcp.skills import Skill, SkillsClientExtension

URI = "skill://tools/pdf/SKILL.md"
TEXT = "---\nname: pdf\ndescription: Reads.\nversion: 1.0\nsafe: yes\n---\nSay é.\r\n"
LOGO = b"\x89PNG\0\xff"


def file(path: str, data: bytes) -> dict[str, Any]:
    """A file as an entry has it."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"uri": f"skill://tools/pdf/{path}", "digest": digest, "size": len(data)}


ENTRY: dict[str, Any] = {
    "uri": URI,
    "frontmatter": {"name": "pdf", "description": "Reads.", "version": 1, "safe": "yes"},
    "resources": [file("SKILL.md", TEXT.encode()), file("a%20b/logo.png", LOGO)],
}
CONTENTS: dict[str, Any] = {
    URI: [{"uri": URI, "mimeType": "text/markdown", "text": TEXT}],
    ENTRY["resources"][1]["uri"]: [{"uri": "x", "blob": base64.b64encode(LOGO).decode()}],
}


def scripted(
    skill: dict[str, Any] | None = None,
    contents: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
) -> ScriptedServer:
    """A server of one skill."""
    entry, held = skill or ENTRY, {**CONTENTS, **(contents or {})}

    async def serve(message: Any) -> Any:
        match message["method"], message["params"]:
            case "skills/list", _:
                return {"skills": [entry], "ttlMs": 60_000, "cacheScope": "private"}
            case "skills/get", {"uri": uri} if uri == entry["uri"]:
                return {"skill": entry}
            case "resources/read", {"uri": uri}:
                return {"contents": held[uri]}
            case "resources/directory/read", {"uri": uri, **more}:
                child = {"uri": f"{uri}/{more.get('cursor', 'a')}", "name": "a"}
                following = {} if "cursor" in more else {"nextCursor": "b"}
                return {"resources": [child], **following}
        raise InvalidParams("no")

    offered = {"io.modelcontextprotocol/skills": settings or {}}
    return ScriptedServer(serve, resources={}, extensions=offered)


async def refused(server: ScriptedServer, path: str = "SKILL.md") -> str:
    """Why a file of the server's skill is not used."""
    async with Client(server) as client:
        [skill] = await client.list_skills()
        with pytest.raises(SkillVerificationError) as error:
            await client.read_skill(skill, path)
    return str(error.value)


async def test_what_is_as_it_was_said_is_read() -> None:
    """By its path or its URI; a version of 1.0 is the number 1, and `yes` the text of YAML 1.2."""
    async with Client(scripted()) as client:
        [skill] = await client.list_skills()
        assert (skill.name, skill.description, len(skill.resources)) == ("pdf", "Reads.", 2)
        assert skill == await client.get_skill(URI)
        assert (await client.read_skill(skill)).decode() == TEXT
        assert await client.read_skill(skill, "a b/logo.png") == LOGO
        assert await client.read_skill(skill, "skill://tools/pdf/a%20b/logo.png") == LOGO


async def test_nothing_is_read_ahead() -> None:
    """Neither by connecting nor by listing."""
    server = scripted()
    async with Client(server) as client:
        [skill] = await client.list_skills()
        await client.get_skill(skill.uri)
    assert server.requests("resources/read") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEXT + "x", f"has {len(TEXT.encode()) + 1} bytes, and its skill says {len(TEXT) + 1}"),
        (TEXT.replace("Say", "Eat"), "has the digest sha256:"),
        ("", "has 0 bytes"),
    ],
)
async def test_content_that_is_not_what_was_said_is_refused(text: str, reason: str) -> None:
    """By its size, or else by its digest."""
    assert reason in await refused(scripted(contents={URI: [{"uri": URI, "text": text}]}))


@pytest.mark.parametrize(
    "contents",
    [
        [],
        [*CONTENTS[URI], *CONTENTS[URI]],
        [{"uri": URI, "blob": "*"}],
        [{"uri": URI, "blob": base64.b64encode(LOGO).decode() + "\n"}],
    ],
    ids=["nothing", "two", "no base64", "loose base64"],
)
async def test_a_file_is_one_content(contents: list[Any]) -> None:
    """And nothing is guessed."""
    said = await refused(scripted(contents={URI: contents}))

    assert "to be one file" in said or "cannot be decoded" in said


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (None, "name, description"),
        ("name: pdf\ndescription: Deletes.", "description"),
        ("name: pdf\ndescription: Reads.\nallowed-tools: Bash", "allowed-tools"),
        ("name: pdf\ndescription: Reads.\nallowed-tools:", "members are missing"),
        ("name: pdf", "description"),
    ],
)
async def test_a_frontmatter_that_is_not_what_was_shown_is_refused(
    head: str | None, names: str
) -> None:
    """A user has agreed to what was shown; the digest is of what the server has."""
    text = "# PDF" if head is None else f"---\n{head}\n---\n"
    entry = {
        "uri": URI,
        "frontmatter": {"name": "pdf", "description": "Reads."},
        "resources": [file("SKILL.md", text.encode())],
    }

    said = await refused(scripted(entry, {URI: [{"uri": URI, "text": text}]}))

    assert said == f"The frontmatter of {URI} is not what its skill says of it: {names}"


@pytest.mark.parametrize(
    ("said", "written", "fits"),
    [
        (True, "yes", True),
        ("yes", "yes", True),
        (1, "true", False),
        (True, "1", False),
        (None, "~", True),
        ("null", "null", False),
        ("1.10", "'1.10'", True),
        (1.1, "'1.10'", False),
        ([1, {"a": "b"}], "[1, {a: b}]", True),
        ([1, {"a": "b"}], "[1, {a: c}]", False),
        ({"a": {"b": 1}}, "\n  a:\n    b: 0x1", True),
        ({}, "[]", False),
        ("x", "&a x", None),
    ],
)
async def test_members_are_compared_as_json(said: Any, written: str, fits: bool | None) -> None:
    """By what YAML makes of them, in either of its versions."""
    text = f"---\nname: pdf\ndescription: Reads.\nmore: {written}\n---\n"
    entry = copy.deepcopy(ENTRY)
    entry["frontmatter"] = {"name": "pdf", "description": "Reads.", "more": said}
    entry["resources"] = [file("SKILL.md", text.encode())]
    server = scripted(entry, {URI: [{"uri": URI, "text": text}]})

    if fits:
        async with Client(server) as client:
            assert await client.read_skill(await client.get_skill(URI))
    else:
        assert ("cannot be read" if fits is None else "says of it: more") in await refused(server)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uri": "skill://tools/pdf/README.md"}, "is not the URI of a SKILL.md"),
        ({"uri": "skill://tools/pdf/xSKILL.md"}, "is not the URI of a SKILL.md"),
        ({"uri": "skill://tools/xls/SKILL.md"}, "its name is 'pdf'"),
        ({"frontmatter": {"description": "Reads."}}, "its name is None"),
        ({"resources": [file("SKILL.md", b"")] * 513}, "has 513 files, more than 512"),
        ({"resources": [{**file("a", b""), "size": 2**24 + 1}]}, "has 16777217 bytes"),
        ({"resources": [{**file("a", b""), "size": -1}]}, "has -1 bytes"),
        ({"resources": [file("../xls/a", b"")]}, "is not in the folder of the skill"),
        ({"resources": [file("%2e%2e/a", b"")]}, "is not in the folder of the skill"),
        ({"resources": [file("a%5C..%5Cb", b"")]}, "is not in the folder of the skill"),
        ({"resources": [{**file("a", b""), "uri": "file:///a"}]}, "is not in the folder of the"),
    ],
)
async def test_an_entry_that_is_none_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Before anything is fetched."""
    server = scripted({**ENTRY, **changes})

    assert reason in await refused(server)
    assert server.requests("resources/read") == []


async def test_a_file_that_a_skill_does_not_have_is_not_asked_for() -> None:
    """Whether or not the server would give it."""
    server = scripted()
    async with Client(server) as client:
        skill = await client.get_skill(URI)
        for path in ("b", "../xls/SKILL.md", "file:///etc/passwd", "skill://tools/pdf/b", ""):
            with pytest.raises(ClientError, match="has no file"):
                await client.read_skill(skill, path)
    assert server.requests("resources/read") == []


async def test_a_dynamic_skill_is_read_within_its_folder() -> None:
    """Nothing is known of its files but that they are not too large, and its frontmatter."""
    entry = {**ENTRY, "resources": "dynamic"}
    large = base64.b64encode(bytes(2**24 + 1)).decode()
    contents = {"skill://tools/pdf/large": [{"uri": "x", "blob": large}]}
    async with Client(scripted(entry, contents)) as client:
        skill = await client.get_skill(URI)
        assert (await client.read_skill(skill)).decode() == TEXT
        assert await client.read_skill(skill, "a b/logo.png") == LOGO
        for path in ("../xls/SKILL.md", "file:///etc/passwd", f"{URI}/../../b", "x://", ""):
            with pytest.raises(SkillVerificationError, match="is not in the folder"):
                await client.read_skill(skill, path)
        with pytest.raises(SkillVerificationError, match="more than 16777216"):
            await client.read_skill(skill, "large")
    forged = {URI: [{"uri": URI, "text": TEXT.replace("Reads", "Deletes")}]}
    assert "description" in await refused(scripted(entry, forged))


async def test_folders_are_listed_where_the_server_can() -> None:
    """Which it says in its settings of the extension."""
    async with Client(scripted(settings={"directoryRead": True})) as client:
        found = await client.list_skill_folder("skill://tools/pdf")
        assert [each.uri for each in found] == ["skill://tools/pdf/a", "skill://tools/pdf/b"]
    async with Client(scripted()) as client:
        with pytest.raises(ClientError, match="without directoryRead"):
            await client.list_skill_folder("skill://tools/pdf")


async def test_a_server_that_was_not_asked_what_it_offers_is_asked_for_its_skills() -> None:
    """It is by a client that speaks one revision from the start."""
    async with Client(scripted(), mode=MODERN) as client:
        assert client.server_capabilities.extensions is None
        assert len(await client.list_skills()) == 1
        assert await client.list_skill_folder("skill://tools/pdf")


async def test_a_list_is_kept_until_it_changes() -> None:
    """As that of the resources, by clients that keep answers."""
    server = scripted()
    async with Client(server, cache=CacheConfig()) as client:
        for _ in range(2):
            await client.list_skills()
        assert len(server.requests("skills/list")) == 1
        server.tell(method="notifications/resources/list_changed", params={})
        await client.list_skills()
        await client.list_skills(cache_mode="refresh")
        assert len(server.requests("skills/list")) == 3


async def test_a_client_may_declare_that_it_knows_skills() -> None:
    """As clients of FastMCP 4 have to."""
    server = scripted()
    async with Client(server, extensions=[SkillsClientExtension()]) as client:
        await client.list_skills()
    [asked] = server.requests("skills/list")
    declared = asked["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"]
    assert declared["extensions"] == {"io.modelcontextprotocol/skills": {}}


def test_a_skill_is_what_any_code_can_make() -> None:
    """Frontmatter is a dict with the usual members as attributes."""
    skill = Skill(uri=URI, frontmatter=ENTRY["frontmatter"], resources="dynamic")

    assert (skill.frontmatter.name, skill.frontmatter["version"]) == ("pdf", 1)
    assert skill.frontmatter.allowed_tools is skill.frontmatter.license is None
