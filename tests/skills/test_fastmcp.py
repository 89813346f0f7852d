"""Skills of servers and for clients made with FastMCP 4, where they are experimental, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from apps import served
from peers.environments import python_packages

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ClientError, McpError
from fastmcp.server.providers.skills import SkillsDirectoryProvider

from .folders import FILES, main, written

pytestmark = pytest.mark.timeout(300, func_only=True)

SECONDS = 60
SERVER = """
import sys
from fastmcp import FastMCP
from fastmcp.server.providers.skills import SkillsDirectoryProvider
from fastmcp.skills.extension import SkillsExtension

mcp = FastMCP("theirs")
provider = SkillsDirectoryProvider(sys.argv[1], experimental_skills=True)
mcp.add_provider(provider)
mcp.add_extension(SkillsExtension(providers=[provider]))
mcp.run(show_banner=False)
"""
CLIENT = """
import asyncio, base64, hashlib, sys
from fastmcp import Client
from fastmcp.skills import SkillsClientExtension

async def main():
    async with Client(sys.argv[1], extensions=[SkillsClientExtension()]) as client:
        for skill in await client.list_skills():
            assert await client.get_skill(skill.uri) == skill
            print(skill.frontmatter.name, skill.frontmatter.description)
            for file in skill.resources:
                [content] = await client.read_resource(file.uri)
                text = getattr(content, "text", None)
                data = base64.b64decode(content.blob) if text is None else text.encode()
                digest = "sha256:" + hashlib.sha256(data).hexdigest()
                assert (file.size, file.digest) == (len(data), digest), file
                print(file.uri)

asyncio.run(main())
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two skills."""
    written(tmp_path / "skills" / "pdf", FILES)
    return written(tmp_path / "skills", {"csv/SKILL.md": main("csv")})


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter with FastMCP 4."""
    return python_packages("fastmcp4", "fastmcp==4.1.2")


async def test_our_client_reads_their_skills(root: Path, python: str, tmp_path: Path) -> None:
    """Each file is what their server says of it, and so is the frontmatter."""
    program = written(tmp_path, {"server.py": SERVER}) / "server.py"
    transport = StdioTransport(python, [str(program), str(root)])
    async with Client(transport, init_timeout=SECONDS) as client:
        csv, pdf = await client.list_skills()
        assert (csv.name, pdf.frontmatter["levels"]) == ("csv", [1, 2.5, None, True])
        assert len(pdf.resources) == len(FILES)
        for path, content in FILES.items():
            data = content if isinstance(content, bytes) else content.encode()
            assert await client.read_skill(pdf, path) == data
        assert await client.get_skill(pdf.uri) == pdf
        with pytest.raises(McpError, match="Unknown skill") as refused:
            await client.get_skill("skill://none/SKILL.md")
        assert refused.value.code == -32602
        with pytest.raises(ClientError, match="without directoryRead"):
            await client.list_skill_folder("skill://pdf")


def test_their_client_reads_our_skills(root: Path, python: str) -> None:
    """All of them, though there is one beside that theirs would not read."""
    written(root, {"odd/SKILL.md": main("odd", "x\nmetadata: {version: 1.0}")})
    mcp = FastMCP("ours", providers=[SkillsDirectoryProvider(root, experimental_skills=True)])
    with served(mcp.http_app()) as base:
        done = subprocess.run(
            [python, "-c", CLIENT, f"{base}/mcp"], capture_output=True, text=True, timeout=SECONDS
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "csv Does things.",
        "skill://csv/SKILL.md",
        "pdf Reads PDF files.",
        "skill://pdf/SKILL.md",
        "skill://pdf/latin.txt",
        "skill://pdf/logo.png",
        "skill://pdf/scripts/old/run%20me.sh",
        "skill://pdf/scripts/read.py",
    ]
