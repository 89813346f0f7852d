"""IndexService: documents are accepted, indexed in the background, and found. It knows no MCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from . import store
from .corpus import Corpus
from .documents import Accepted, Document, Draft, Hit, Imported, Results, Stats, Summary
from .query import terms

# So few in a transaction that whoever adds a document waits for milliseconds.
BATCH = 50


class IndexService:
    """An index in a file, open within `async with`.

    What is accepted is in a queue on disk, from where `work` takes it: a process that is killed
    loses nothing. Readers have a connection of their own, and wait for no writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watchers: list[Callable[[list[str]], object]] = []
        """They are called with the ids of documents that were indexed or deleted."""
        self._writer = store.Connection(path)
        self._reader = store.Connection(path)
        self._opened = AsyncExitStack()
        self._accepted = asyncio.Event()
        self._indexed = 0
        self._unchanged = 0

    async def __aenter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self._writer)
            await self._writer.do(store.create)
            await opened.enter_async_context(self._reader)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    # Putting documents in

    async def add(self, title: str, text: str) -> Accepted:
        """Accept a document. The same one again is the same document."""
        draft = Draft.of(title, text)
        return Accepted(draft.id, queued=await self._accept([draft]) == 1)

    async def import_corpus(self, corpus: Corpus) -> AsyncGenerator[Imported]:
        """Accept the documents of a corpus, and tell after each file how far that is."""
        version = await asyncio.to_thread(corpus.version)
        files = await asyncio.to_thread(corpus.files)
        queued = seen = 0
        for done, file in enumerate(files, 1):
            drafts = await asyncio.to_thread(corpus.read, file)
            queued += await self._accept(drafts)
            seen += len(drafts)
            yield Imported(done, len(files), queued, seen - queued, file.name)
        # Last, so that an import that was cut short is begun again; digests make that harmless.
        await self._writer.do(store.set_version, corpus.name, version)

    async def has_imported(self, corpus: Corpus) -> bool:
        """Whether a corpus was imported to its end as it is now."""
        version = await asyncio.to_thread(corpus.version)
        return await self._reader.do(store.version_of, corpus.name) == version

    async def delete(self, id: str) -> bool:
        """Forget a document; whether there was one."""
        deleted = await self._writer.do(store.delete, id)
        if deleted:
            self._tell([id])
        return deleted

    async def _accept(self, drafts: list[Draft]) -> int:
        try:
            queued = await self._writer.do(store.accept, drafts)
        finally:
            self._accepted.set()  # for the thread goes on when whoever waits is cancelled
        self._unchanged += len(drafts) - queued
        return queued

    # The worker

    async def work(self) -> None:
        """Index what was accepted, in this and in earlier lives, until cancelled."""
        while True:
            self._accepted.clear()
            while ids := await self._writer.do(store.index_some, BATCH):
                self._indexed += len(ids)
                self._tell(ids)
            await self._accepted.wait()

    def _tell(self, ids: list[str]) -> None:
        for watcher in self.watchers:
            watcher(ids)

    # Getting documents out

    async def search(self, query: str, limit: int = 10) -> Results:
        """The documents that have all words of a query; if there are none, any of them."""
        words = terms(query)
        hits = await self._find(" AND ".join(words), limit)
        hits = hits or await self._find(" OR ".join(words), limit)
        _, pending = await self._reader.do(store.counts)
        return Results(hits, pending)

    async def _find(self, expression: str, limit: int) -> list[Hit]:
        return await self._reader.do(store.search, expression, limit) if expression else []

    async def get(self, id: str) -> Document | None:
        """A document, or None."""
        return await self._reader.do(store.get, id)

    async def recent(self, limit: int = 20) -> list[Summary]:
        """What was indexed last, the newest first."""
        return await self._reader.do(store.recent, limit)

    async def stats(self) -> Stats:
        """How much there is, and how much was done."""
        documents, pending = await self._reader.do(store.counts)
        return Stats(documents, pending, self._indexed, self._unchanged)
