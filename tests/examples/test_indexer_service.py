"""The indexing service by itself: what it accepts is kept, indexed once, and found."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexing import EXAMPLES, notes  # isort: split

from indexer import store
from indexer.corpus import Corpus, Folder, StandardLibrary
from indexer.documents import Draft, Imported
from indexer.query import terms
from indexer.service import IndexService

SECONDS = 20

ACCEPTING = """
import asyncio, os, sys
from pathlib import Path
from indexer.service import IndexService

async def main():
    async with IndexService(Path(sys.argv[1])) as index:
        for number in range(120):
            await index.add(f"Note {number}", f"word{number}")
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@asynccontextmanager
async def working(path: Path) -> AsyncGenerator[IndexService]:
    """A service that is open, with its worker."""
    async with IndexService(path) as index:
        worker = asyncio.create_task(index.work())
        try:
            yield index
        finally:
            worker.cancel()
            await asyncio.wait([worker])


async def settled(index: IndexService) -> None:
    """Wait until nothing waits."""
    async with asyncio.timeout(SECONDS):
        while (await index.stats()).pending:
            await asyncio.sleep(0.01)


async def imported(index: IndexService, corpus: Corpus) -> list[Imported]:
    """Import all of a corpus; each step."""
    return [step async for step in index.import_corpus(corpus)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the index is, in a folder that is not there yet."""
    return tmp_path / "new" / "index.db"


def test_words_phrases_and_beginnings_are_found_the_best_hit_first(path: Path) -> None:
    """A word in the title counts for more, and all words are better than some."""

    async def main() -> None:
        async with working(path) as index:
            await index.add("Tea", "Pour hot water on the leaves.")
            await index.add("Water", "Two thirds of the world is covered by tea or water.")
            await index.add("Coffee", "Grind the beans, then pour water, hot but not boiling.")
            await settled(index)

            async def found(query: str) -> list[str]:
                return [hit.title for hit in (await index.search(query)).hits]

            assert await found("tea") == ["Tea", "Water"]
            assert await found("hot water") == ["Tea", "Coffee"]
            assert await found('"hot water"') == ["Tea"]
            assert await found("boil*") == await found("boiled") == ["Coffee"]
            assert await found("how are beans ground, please?") == ["Coffee"]
            assert await found("milk") == []
            [hit] = (await index.search("beans")).hits
            assert hit.snippet.startswith("Grind the **beans**, then")
            assert len((await index.search("water", limit=1)).hits) == 1

    asyncio.run(main())


@settings(max_examples=300)
@given(st.text(st.sampled_from('"*^:()+-{},ANDORTNE 🎉\0aé\ud800\n')) | st.text(max_size=300))
def test_no_text_is_an_error_in_a_query(text: str) -> None:
    """Whatever people type, the engine takes what is made of it, joined in either way."""
    with closing(sqlite3.connect(":memory:")) as database:
        store.create(database)
        words = terms(text)
        for operator in (" AND ", " OR ") if words else ():
            assert store.search(database, operator.join(words), 5) == []


def test_a_document_that_is_added_twice_is_one(path: Path) -> None:
    """Before it was indexed, after, and after a restart."""

    async def main() -> None:
        async with IndexService(path) as index:
            first = await index.add("Tea", "Leaves")
            again = await index.add("Tea", "Leaves")
            assert (first.queued, again.queued) == (True, False)
        async with working(path) as index:
            await settled(index)
            assert await index.add("Tea", "Leaves") == again
            assert await index.add("Tea", "Other leaves") != first
            await settled(index)
            stats = await index.stats()
            assert (stats.documents, stats.indexed, stats.unchanged) == (2, 2, 1)

    asyncio.run(main())


def test_what_a_killed_process_has_accepted_is_indexed_by_the_next(path: Path) -> None:
    """It is killed with all of it in the queue."""
    killed = subprocess.run(
        [sys.executable, "-c", ACCEPTING, str(path)], cwd=EXAMPLES, timeout=SECONDS, check=False
    )
    assert killed.returncode == -signal.SIGKILL

    async def main() -> None:
        async with working(path) as index:
            await settled(index)
            stats = await index.stats()
            assert (stats.documents, stats.indexed) == (120, 120)
            [hit] = (await index.search("word77")).hits
            assert hit.title == "Note 77"

    asyncio.run(main())


def test_services_that_share_a_file_index_each_document_once(path: Path) -> None:
    """Two workers take from one queue, while both services add, the same and other documents."""

    async def main() -> None:
        async with working(path) as one, working(path) as other:
            adding = [
                index.add(f"Note {number}", "text")
                for index, numbers in ((one, range(150)), (other, range(50, 200)))
                for number in numbers
            ]
            await asyncio.gather(*adding)
            await settled(one)
            stats = [await one.stats(), await other.stats()]
            assert [each.documents for each in stats] == [200, 200]
            assert sum(each.indexed for each in stats) == 200
            assert sum(each.unchanged for each in stats) == 100

    asyncio.run(main())


def test_who_searches_does_not_notice_that_another_one_opens_the_file(path: Path) -> None:
    """What one has searched for before is found again at once."""

    async def main() -> None:
        async with working(path) as one:
            await one.add("Zoo", "A zebra")
            await settled(one)
            assert [hit.title for hit in (await one.search("zebra")).hits] == ["Zoo"]
            async with working(path):
                assert [hit.title for hit in (await one.search("zebra")).hits] == ["Zoo"]

    asyncio.run(main())


def test_services_may_make_one_file_at_the_same_time(path: Path) -> None:
    """As the workers of one server do when they start for the first time."""

    async def add(number: int) -> None:
        async with working(path) as index:
            await index.add(f"Note {number}", "text")
            await settled(index)

    async def main() -> None:
        await asyncio.gather(*(add(number) for number in range(8)))
        async with IndexService(path) as index:
            assert (await index.stats()).documents == 8

    asyncio.run(main())


def test_a_document_whose_sender_is_gone_is_indexed_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling what waits for the disk does not take back what is written there."""
    idle, writing = threading.Event(), threading.Event()
    index_some, accept = store.index_some, store.accept

    def index_visibly(*args: Any) -> list[str]:
        if not (ids := index_some(*args)):
            idle.set()
        return ids

    def accept_visibly(*args: Any) -> int:
        writing.set()
        return accept(*args)

    monkeypatch.setattr(store, "index_some", index_visibly)
    monkeypatch.setattr(store, "accept", accept_visibly)

    async def main() -> None:
        async with working(path) as index:
            assert await asyncio.to_thread(idle.wait, SECONDS)
            with closing(sqlite3.connect(path)) as other:
                other.execute("BEGIN IMMEDIATE")
                adding = asyncio.create_task(index.add("Tea", "Leaves"))
                assert await asyncio.to_thread(writing.wait, SECONDS)
                adding.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await adding
            async with asyncio.timeout(SECONDS):
                while not await index.recent():
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_restart_indexes_nothing_and_a_changed_file_alone(path: Path, tmp_path: Path) -> None:
    """The corpus is known by its version, its documents by their content."""
    folder = notes(tmp_path / "notes", 20)

    async def main() -> None:
        async with working(path) as index:
            assert not await index.has_imported(Folder(folder))
            steps = await imported(index, Folder(folder))
            assert [step.files for step in steps] == list(range(1, 21))
            await settled(index)

        (folder / "5.md").write_text("# Changed\n\nIt says something else.")

        async with working(path) as index:
            assert not await index.has_imported(Folder(folder))
            await imported(index, Folder(folder))
            assert await index.has_imported(Folder(folder))
            await settled(index)
            stats = await index.stats()
            assert (stats.documents, stats.indexed, stats.unchanged) == (20, 1, 19)
            changed = await index.get("notes/5.md")
            assert changed and changed.title == "Changed"
            assert [hit.id for hit in (await index.search("something else")).hits] == ["notes/5.md"]

    asyncio.run(main())


def test_an_import_that_was_cut_short_is_completed(path: Path, tmp_path: Path) -> None:
    """It does not count as one, and what it had accepted is not indexed again."""
    folder = notes(tmp_path / "notes", 20)

    async def main() -> None:
        async with working(path) as index:
            async with aclosing(index.import_corpus(Folder(folder))) as steps:
                async for step in steps:
                    if step.files == 8:
                        break
            await settled(index)
            assert not await index.has_imported(Folder(folder))

        async with working(path) as index:
            assert (await imported(index, Folder(folder)))[-1].queued == 12
            await settled(index)
            assert (await index.stats()).indexed == 12
            assert (await index.stats()).documents == 20

    asyncio.run(main())


def test_a_deleted_document_is_gone_wherever_it_was(path: Path) -> None:
    """From the index, from the words, and from the queue before it was indexed."""

    async def main() -> None:
        async with working(path) as index:
            tea = await index.add("Tea", "Leaves")
            await settled(index)
            assert await index.delete(tea.id)
            assert not await index.delete(tea.id)
            assert await index.get(tea.id) is None
            assert (await index.search("leaves")).hits == []

        async with IndexService(path) as index:
            coffee = await index.add("Coffee", "Beans")
            assert (await index.search("beans")).pending == 1
            assert await index.delete(coffee.id)
        async with working(path) as index:
            await settled(index)
            assert (await index.stats()).documents == 0

    asyncio.run(main())


def test_watchers_hear_what_was_indexed_and_deleted(path: Path) -> None:
    """By their ids, and the newest document is the first of the recent ones."""

    async def main() -> None:
        async with working(path) as index:
            heard: list[str] = []
            index.watchers.append(heard.extend)
            tea = await index.add("Tea", "Leaves")
            coffee = await index.add("Coffee", "Beans")
            await settled(index)
            assert [summary.id for summary in await index.recent()] == [coffee.id, tea.id]
            await index.delete(tea.id)
            assert heard == [tea.id, coffee.id, tea.id]

    asyncio.run(main())


def test_a_folder_is_read_below_its_root_alone(tmp_path: Path) -> None:
    """Neither a path, nor a link, nor a file that is hidden leads elsewhere."""
    folder = notes(tmp_path / "root" / "notes", 2)
    secret = notes(tmp_path / "secret", 1)
    (folder / "link.md").symlink_to(secret / "0.md")
    (folder / "folder").symlink_to(secret)
    (folder / ".hidden.md").write_text("hidden")
    (folder / "latin.md").write_bytes(b"caf\xe9")

    corpus = Folder(folder)

    assert [file.name for file in corpus.files()] == ["0.md", "1.md", "latin.md"]
    [draft] = corpus.read(folder / "latin.md")
    assert draft == Draft("notes/latin.md", "latin", "caf\ufffd")
    for outside in (secret, folder / ".." / ".." / "secret", folder / "folder"):
        with pytest.raises(ValueError, match="is not below"):
            Folder(outside, root=tmp_path / "root")
    with pytest.raises(ValueError, match="no folder"):
        Folder(folder / "missing", root=folder)


def test_the_standard_library_is_documented_by_its_docstrings() -> None:
    """Modules, classes, methods and functions, with how they are called, and nothing private."""
    corpus = StandardLibrary()
    files = {file.relative_to(corpus.path).as_posix(): file for file in corpus.files()}
    drafts = {draft.id: draft for draft in corpus.read(files["json/__init__.py"])}

    assert len(files) > 300
    assert drafts["json.loads"].title.startswith("json.loads(s, *, cls=None")
    assert "Deserialize" in drafts["json.loads"].text
    assert "json" in drafts
    assert "textwrap.TextWrapper.wrap" in {d.id for d in corpus.read(files["textwrap.py"])}
    parts = [part for name in files for part in name.split("/")]
    assert {part for part in parts if part.startswith("_")} == {"__init__.py"}
    assert not {"test", "site-packages"} & set(parts)
