"""The MCP server: the index as tools, resources and a prompt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from fastmcp import Context, FastMCP
from fastmcp.dependencies import Depends
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.server.lifespan import lifespan

from . import settings
from .corpus import Folder
from .documents import Accepted, Imported, Results, Stats, Summary
from .service import IndexService

READS = {"readOnlyHint": True, "openWorldHint": False}
ADDS = {"destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
REMOVES = {"destructiveHint": True, "idempotentHint": True, "openWorldHint": False}


@lifespan
async def opened(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
    """Have the index open while the server runs, and tell clients what changes in it."""

    def tell(ids: list[str]) -> None:
        for id in ids:
            server.notify_resource_updated(f"documents://{quote(id)}")
        server.notify_resource_updated("documents://recent")

    corpus = settings.corpus()
    async with IndexService(settings.database()) as index:
        index.watchers.append(tell)
        yield {"index": index, "corpus": corpus}


mcp = FastMCP(
    "Indexer",
    instructions="Finds documents by their words. `search` first, then read documents://{id}.",
    lifespan=opened,
    mask_error_details=True,
)


async def the_index() -> IndexService:
    """The index that the running server has open."""
    return mcp.lifespan.result["index"]


Index = Annotated[IndexService, Depends(the_index)]


# Work beside the requests


@mcp.background
async def index_documents() -> None:
    """Take documents from the queue into the index."""
    index = await the_index()
    await index.work()


@mcp.background
async def import_corpus() -> None:
    """Fill an index that does not have the corpus yet."""
    index, corpus = await the_index(), mcp.lifespan.result["corpus"]
    if corpus and not await index.has_imported(corpus):
        async for step in index.import_corpus(corpus):
            mcp.logger.debug("%d of %d files: %s", step.files, step.total, step.file)


# Tools


@mcp.tool(annotations=READS)
async def search(
    query: Annotated[str, Field(description='words, "a phrase", or the beginn* of one')],
    index: Index,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
) -> Results:
    """Find the documents that have these words, or else some of them, the best first."""
    return await index.search(query, limit)


@mcp.tool(annotations=ADDS)
async def add_document(
    title: Annotated[str, Field(min_length=1)],
    text: Annotated[str, Field(min_length=1)],
    index: Index,
) -> Accepted:
    """Add a document. It can be found a moment later."""
    return await index.add(title, text)


@mcp.tool(annotations=REMOVES)
async def delete_document(id: str, index: Index) -> bool:
    """Delete a document; false if there is none of that id."""
    return await index.delete(id)


@mcp.tool(annotations=ADDS)
async def import_folder(path: str, index: Index, ctx: Context) -> Imported:
    """Add the Markdown files below a folder of the server. Only what has changed is indexed."""
    try:
        folder = Folder(settings.imports() / path, root=settings.imports())
    except ValueError as error:
        raise ToolError(str(error)) from None
    step = Imported(0, 0, 0, 0)
    async for step in index.import_corpus(folder):
        await ctx.report_progress(step.files, step.total, step.file)
    return step


@mcp.tool(annotations=READS)
async def stats(index: Index) -> Stats:
    """Count the documents, those that wait to be indexed, and the work since the start."""
    return await index.stats()


# Resources


@mcp.resource("documents://recent")
async def recent(index: Index) -> list[Summary]:
    """The documents that were indexed last."""
    return await index.recent()


@mcp.resource("documents://{id*}", mime_type="text/markdown")
async def document(id: str, index: Index) -> str:
    """The text of a document."""
    found = await index.get(id)
    if found is None:
        raise NotFoundError(f"There is no document {id!r}")
    return found.text


# For people


@mcp.prompt
def research(question: str) -> str:
    """Have a question answered from the index."""
    return (
        f"Answer this question from the indexed documents: {question}\n\n"
        "Use the tool `search` with a few telling words, read the best hits as documents://{id}, "
        "and name the ids that the answer is from. If they do not answer it, say so."
    )


@mcp.custom_route("/health", methods=["GET"])
async def health(request: Request) -> JSONResponse:
    """Whether everything runs that has to, for load balancers and for people."""
    tasks = {task.name: task.status for task in mcp.background.tasks}
    healthy = "crashed" not in tasks.values()
    counts = await (await the_index()).stats()
    body = {"status": "ok" if healthy else "failing", "tasks": tasks, **vars(counts)}
    return JSONResponse(body, 200 if healthy else 503)
