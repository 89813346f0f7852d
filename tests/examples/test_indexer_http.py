"""The indexer as a process that serves HTTP: to our client, to the official one, and to kill."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import mcp
import pytest
from indexing import health, indexer, notes, settled
from processes import HttpServer

from fastmcp import Client
from fastmcp.client import RetryPolicy
from fastmcp.exceptions import Disconnected, McpError

FILES = 30
HOSTILE = ['"', "NEAR(", "🎉", "x" * 10_000, "a " * 5_000, "title:", "-", "a\0b", "AND OR", "*", ""]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[HttpServer]:
    """An index that begins with the folder `notes`, and may import from its parent."""
    folder = tmp_path_factory.mktemp("indexer")
    with indexer(folder, INDEXER_CORPUS=str(notes(folder / "notes", FILES))) as server:
        settled(server)
        yield server


async def indexed(client: Client, documents: int) -> None:
    """Wait until so many documents can be found."""
    async with asyncio.timeout(20):
        while (stats := (await client.call_tool("stats")).data).documents < documents:
            await asyncio.sleep(0.01)
        assert stats.documents == documents


def test_our_client_finds_reads_adds_and_deletes(server: HttpServer) -> None:
    """The corpus is there from the start; a new document can be found, read, and deleted."""

    async def main() -> None:
        async with Client(server.url) as client:
            found = (await client.call_tool("search", {"query": "word7"})).data
            assert [(hit.id, hit.title) for hit in found.hits] == [("notes/7.md", "Note 7")]
            [content] = await client.read_resource("documents://notes/7.md")
            assert content.text == "# Note 7\n\nIt has word7 in it.\n"
            assert content.mime_type == "text/markdown"

            added = (await client.call_tool("add_document", {"title": "Zoo", "text": "gnu"})).data
            assert added.queued
            await indexed(client, FILES + 1)
            [recent] = await client.read_resource("documents://recent")
            assert recent.text.startswith(f'[{{"id":"{added.id}","title":"Zoo"')

            assert (await client.call_tool("delete_document", {"id": added.id})).data is True
            with pytest.raises(McpError, match="There is no document"):
                await client.read_resource(f"documents://{added.id}")
            [message] = (await client.get_prompt("research", {"question": "Why?"})).messages
            assert "Why?" in message.content.text

    asyncio.run(main())
    assert health(server)["status"] == "ok"


def test_the_tools_say_what_they_do_to_the_world(server: HttpServer) -> None:
    """Which only read, and that all may be tried again; each has an output schema."""

    async def main() -> dict[str, Any]:
        async with Client(server.url) as client:
            tools = await client.list_tools()
            assert all(tool.output_schema for tool in tools)
            return {tool.name: tool.annotations for tool in tools}

    hints = asyncio.run(main())
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {"search", "stats"}
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"delete_document"}
    assert all(hint.read_only_hint or hint.idempotent_hint for hint in hints.values())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_is_served_too(server: HttpServer, mode: Any) -> None:
    """Tools with progress, resources and prompts, in both eras of the protocol."""
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async def main() -> None:
        async with mcp.Client(server.url, mode=mode) as client:
            found = await client.call_tool("search", {"query": '"note 3"'})
            assert found.structured_content and not found.is_error
            assert found.structured_content["hits"][0]["id"] == "notes/3.md"
            done = await client.call_tool(
                "import_folder", {"path": "notes"}, progress_callback=hear
            )
            assert done.structured_content == {
                "files": FILES, "total": FILES, "queued": 0, "unchanged": FILES, "file": "9.md"
            }  # fmt: skip
            read = await client.read_resource("documents://notes/3.md")
            assert "word3" in str(read.contents[0])
            prompt = await client.get_prompt("research", {"question": "Why?"})
            assert "Why?" in str(prompt.messages[0])

    asyncio.run(main())
    assert [progress for progress, _, _ in heard] == list(range(1, FILES + 1))
    assert heard[-1] == (FILES, FILES, "9.md")


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: repr(query[:6]))
def test_no_query_is_an_error(server: HttpServer, query: str) -> None:
    """Marks of the query language, of no language, and too much of everything."""

    async def main() -> None:
        async with Client(server.url) as client:
            result = await client.call_tool("search", {"query": query})
            assert result.data.pending == 0

    asyncio.run(main())


def test_nothing_outside_of_the_folder_for_imports_is_read(server: HttpServer) -> None:
    """The model is told, and neither the path nor the content goes into the index."""

    async def main() -> list[Any]:
        async with Client(server.url) as client:
            return [
                await client.call_tool("import_folder", {"path": path}, raise_on_error=False)
                for path in ("/etc", "../..", "missing")
            ]

    outside, above, missing = asyncio.run(main())
    assert outside.is_error and "is not below" in outside.text()
    assert above.is_error and "is not below" in above.text()
    assert missing.is_error and "There is no folder" in missing.text()


def test_a_client_that_watches_hears_of_new_documents(server: HttpServer) -> None:
    """Whoever adds them; and it can read them then."""

    async def main() -> None:
        told = asyncio.Event()
        async with (
            Client(server.url, message_handler=lambda message: told.set()) as watching,
            Client(server.url) as adding,
        ):
            await watching.subscribe_resource("documents://recent")
            await adding.call_tool("add_document", {"title": "News", "text": "fresh"})
            await asyncio.wait_for(told.wait(), 20)
            [recent] = await watching.read_resource("documents://recent")
            assert '"title":"News"' in recent.text.partition("}")[0]

    asyncio.run(main())


def test_fifty_searches_at_once_are_answered_while_a_folder_is_imported(tmp_path: Path) -> None:
    """All with what was there before, and the import reports each file and loses none."""
    notes(tmp_path / "first", 5)
    notes(tmp_path / "bulk", 300)
    heard: list[float] = []

    async def main(url: str) -> None:
        async with Client(url) as client, Client(url) as importing:
            await importing.call_tool("import_folder", {"path": "first"})
            await indexed(client, 5)
            begun = asyncio.Event()

            async def hear(progress: float, total: float | None, message: str | None) -> None:
                heard.append(progress)
                begun.set()

            work = asyncio.create_task(
                importing.call_tool("import_folder", {"path": "bulk"}, progress_handler=hear)
            )
            await begun.wait()
            assert heard[-1] < 300
            searches = [
                client.call_tool("search", {"query": "word3", "limit": 50}) for _ in range(50)
            ]
            found = [result.data for result in await asyncio.gather(*searches)]
            assert all("first/3.md" in {hit.id for hit in each.hits} for each in found)
            assert (await work).data.queued == 300
            await indexed(client, 305)

    with indexer(tmp_path) as server:
        asyncio.run(main(server.url))
    assert heard == sorted(set(heard)) and heard[-1] == 300


def test_a_restart_indexes_nothing_again(tmp_path: Path) -> None:
    """As the service counts it: what is there is found at once, and what is new is added."""
    corpus = {"INDEXER_CORPUS": str(notes(tmp_path / "notes", 10))}
    with indexer(tmp_path, **corpus) as server:
        assert settled(server)["indexed"] == 10
        assert server.stop() == 0

    with indexer(tmp_path, **corpus) as server:
        found = settled(server)
    assert (found["documents"], found["indexed"], found["unchanged"]) == (10, 0, 0)

    (tmp_path / "notes" / "10.md").write_text("# New")
    with indexer(tmp_path, **corpus) as server:
        found = settled(server)
    assert (found["documents"], found["indexed"], found["unchanged"]) == (11, 1, 10)


def test_a_service_that_is_killed_in_an_import_has_lost_nothing(tmp_path: Path) -> None:
    """What was accepted is indexed after the restart, and the import, repeated, adds the rest."""
    notes(tmp_path / "bulk", 300)
    accepted: set[int] = set()

    async def interrupted(server: HttpServer) -> None:
        async def hear(progress: float, total: float | None, message: str | None) -> None:
            accepted.add(int((message or "").removesuffix(".md")))
            if progress == 120:
                server.process.send_signal(signal.SIGKILL)

        async with Client(server.url, retry=RetryPolicy(attempts=1)) as client:
            await client.call_tool("import_folder", {"path": "bulk"}, progress_handler=hear)

    with indexer(tmp_path) as server:
        with pytest.raises(Disconnected):
            asyncio.run(interrupted(server))
        assert server.wait() == -signal.SIGKILL
    assert len(accepted) >= 120

    async def completed(url: str) -> None:
        async with Client(url) as client:
            for number in accepted:
                [content] = await client.read_resource(f"documents://bulk/{number}.md")
                assert f"word{number}" in content.text
            rest = (await client.call_tool("import_folder", {"path": "bulk"})).data
            assert rest.queued + rest.unchanged == 300
            assert len(accepted) <= rest.unchanged < 300
            await indexed(client, 300)
            hits = (await client.call_tool("search", {"query": "word7"})).data.hits
            assert [hit.id for hit in hits] == ["bulk/7.md"]

    with indexer(tmp_path) as server:
        settled(server)
        asyncio.run(completed(server.url))


def test_a_corpus_that_is_not_there_keeps_the_service_from_starting(tmp_path: Path) -> None:
    """It says which folder it misses."""
    missing = str(tmp_path / "missing")
    with (
        pytest.raises(AssertionError, match=f"There is no folder {missing}"),
        indexer(tmp_path, INDEXER_CORPUS=missing),
    ):
        pass
