"""The index in FastAPI: REST beside MCP, one service for both."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

from .documents import Accepted, Document, Results, Stats
from .server import mcp, the_index
from .service import IndexService

Index = Annotated[IndexService, Depends(the_index)]

mcp_app = mcp.http_app()  # MCP at /mcp, and the server's own routes
app = FastAPI(title="Indexer", lifespan=mcp_app.lifespan)


class NewDocument(BaseModel):
    """What is posted."""

    title: str = Field(min_length=1)
    text: str = Field(min_length=1)


@app.get("/search")
async def search(index: Index, q: str, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Results:
    """Find documents."""
    return await index.search(q, limit)


@app.get("/stats")
async def stats(index: Index) -> Stats:
    """Count documents."""
    return await index.stats()


@app.post("/documents", status_code=202)
async def add_document(index: Index, new: NewDocument) -> Accepted:
    """Accept a document, which can be found a moment later."""
    return await index.add(new.title, new.text)


@app.get("/documents/{id:path}")
async def document(index: Index, id: str) -> Document:
    """A document."""
    found = await index.get(id)
    if found is None:
        raise HTTPException(404, f"There is no document {id!r}")
    return found


@app.delete("/documents/{id:path}", status_code=204)
async def delete_document(index: Index, id: str) -> None:
    """Delete a document, if there is one."""
    await index.delete(id)


app.mount("/", mcp_app)  # last, since it takes what nothing above has taken
