"""Providers: components in files, and skills."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastmcp import Client, FastMCP


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in, and a home."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


WEATHER = '''
# snippet: file
from fastmcp.prompts import prompt
from fastmcp.resources import resource
from fastmcp.tools import tool

@tool
def temperature(city: str) -> float:
    """The temperature in a city."""
    return 21.5

@resource("data://cities")
def cities() -> list[str]:
    return ["Bern", "Oslo"]

@prompt
def report(city: str) -> str:
    return f"Write a weather report for {city}."
# end
'''


async def test_components_are_in_files(folder: Path) -> None:
    """And are offered as they are decorated."""
    components = folder / "components"
    components.mkdir()
    (components / "weather.py").write_text(WEATHER)
    (components / "broken.py").write_text("import no_such_module")
    # snippet: filesystem
    from fastmcp import FastMCP
    from fastmcp.server.providers.filesystem import FileSystemProvider

    files = FileSystemProvider("components", reload=True)
    mcp = FastMCP("Weather", providers=[files])
    # end
    # snippet: failed
    for path, why in files.failed_files.items():
        print(path.name, why)
    # end

    async with Client(mcp) as client:
        assert (await client.call_tool("temperature", {"city": "Bern"})).data == 21.5
        assert len(await client.list_resources()) == len(await client.list_prompts()) == 1
        (components / "weather.py").write_text(WEATHER.replace("21.5", "22.5"))
        assert (await client.call_tool("temperature", {"city": "Bern"})).data == 22.5
    assert [path.name for path in files.failed_files] == ["broken.py"]


SKILL = """---
name: pdf
description: Reads PDF files. Use it when the user has one.
---

# PDF

Run scripts/read.py with the path of the file.
"""


async def test_skills_are_resources(folder: Path) -> None:
    """And can be copied from a server."""
    skill = folder / ".claude" / "skills" / "pdf"
    (skill / "scripts").mkdir(parents=True)
    (skill / "SKILL.md").write_text(SKILL)
    (skill / "scripts" / "read.py").write_text("print('read')\n")
    (folder / "skills" / "csv").mkdir(parents=True)
    (folder / "skills" / "csv" / "SKILL.md").write_text("# Reads tables")
    # snippet: skills
    import json

    from fastmcp import FastMCP
    from fastmcp.server.providers.skills import ClaudeSkillsProvider, SkillsDirectoryProvider

    mcp = FastMCP("Skills")
    mcp.add_provider(SkillsDirectoryProvider("skills", reload=True))
    mcp.add_provider(ClaudeSkillsProvider())  # ~/.claude/skills

    # end
    # snippet: read
    async def script_of(client, skill: str) -> str:
        """The program that comes with a skill."""
        [manifest] = await client.read_resource(f"skill://{skill}/_manifest")
        paths = [file["path"] for file in json.loads(manifest.text)["files"]]
        [path] = [path for path in paths if path.startswith("scripts/")]
        [script] = await client.read_resource(f"skill://{skill}/{path}")
        return script.text

    # end
    # snippet: copy
    from fastmcp import Client
    from fastmcp.utilities.skills import download_skill, list_skills, sync_skills

    async with Client(mcp) as client:
        names = [skill.name for skill in await list_skills(client)]
        if "pdf" in names:
            await download_skill(client, "pdf", "copies")
        others = await sync_skills(client, "copies")  # all that are not there yet
    # end
    async with Client(mcp) as client:
        assert await script_of(client, "pdf") == "print('read')\n"
    assert (sorted(names), [path.name for path in others]) == (["csv", "pdf"], ["csv"])
    assert Path("copies/pdf/scripts/read.py").read_text() == "print('read')\n"


async def test_skills_are_published(folder: Path) -> None:
    """And read by clients as what they were listed."""
    written = folder / "skills" / "pdf" / "SKILL.md"
    written.parent.mkdir(parents=True)
    written.write_text(SKILL)
    # snippet: published
    from fastmcp import Client, FastMCP
    from fastmcp.exceptions import SkillVerificationError
    from fastmcp.server.providers.skills import SkillsDirectoryProvider

    mcp = FastMCP("Skills")
    mcp.add_provider(SkillsDirectoryProvider("skills", experimental_skills=True))

    async with Client(mcp) as client:
        for skill in await client.list_skills():  # or get_skill("skill://pdf/SKILL.md")
            print(skill.name, skill.description, len(skill.resources))
            try:
                instructions = (await client.read_skill(skill)).decode()
            except SkillVerificationError as error:
                print(error)
    # end
    assert instructions == SKILL


async def test_a_provider_asks_elsewhere() -> None:
    """What it finds by itself, it finds without listing."""
    # snippet: asking
    from collections.abc import AsyncIterator, Sequence
    from contextlib import asynccontextmanager

    import httpx2

    from fastmcp.server.providers import Provider
    from fastmcp.tools import Tool, ToolResult

    class Report(Tool):
        """A report of another service."""

        http: httpx2.AsyncClient

        async def run(self, arguments: dict) -> ToolResult:
            response = await self.http.get(f"/reports/{self.name}", params=arguments)
            return ToolResult(response.text)

    class Reports(Provider):
        @asynccontextmanager
        async def lifespan(self) -> AsyncIterator[None]:
            async with httpx2.AsyncClient(base_url="http://localhost:9000") as self.http:
                yield

        async def _list_tools(self) -> Sequence[Tool]:
            names = (await self.http.get("/reports")).json()
            return [Report(name=name, http=self.http) for name in names]

        async def _get_tool(self, name: str, version=None) -> Tool | None:
            found = await self.http.head(f"/reports/{name}")
            return Report(name=name, http=self.http) if found.is_success else None

    # end
    from apps import served
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def one(request):
        name = request.path_params["name"]
        return (
            PlainTextResponse(f"sales {dict(request.query_params)}")
            if name == "sales"
            else (Response(status_code=404))
        )

    service = Starlette(
        routes=[
            Route("/reports", lambda request: JSONResponse(["sales"])),
            Route("/reports/{name}", one),
        ]
    )
    with served(service) as base:

        class Here(Reports):
            @asynccontextmanager
            async def lifespan(self) -> AsyncIterator[None]:
                async with httpx2.AsyncClient(base_url=base) as self.http:
                    yield

        async with Client(FastMCP("x", providers=[Here()])) as client:
            assert [tool.name for tool in await client.list_tools()] == ["sales"]
            result = await client.call_tool("sales", {"year": 2025})
            assert result.content[0].text == "sales {'year': '2025'}"
