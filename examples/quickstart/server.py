"""Notes that a model can take and find: two tools, two resources and a prompt."""

from typing import Annotated

from pydantic import BaseModel, Field

from fastmcp import Context, FastMCP
from fastmcp.exceptions import NotFoundError, ToolError

mcp = FastMCP("Notes", instructions="Look for a note before you write one on the same matter.")


class Note(BaseModel):
    title: str
    text: str


notes = {"Tea": Note(title="Tea", text="Green, three minutes at 75 degrees.")}


@mcp.tool(annotations={"readOnlyHint": True})
def find(words: str, limit: Annotated[int, Field(ge=1, le=50)] = 10) -> list[Note]:
    """Find notes by words in their title or text."""
    words = words.lower()
    found = [note for note in notes.values() if words in f"{note.title}\n{note.text}".lower()]
    return found[:limit]


@mcp.tool
async def write(title: str, text: str, ctx: Context, replace: bool = False) -> Note:
    """Write a note. One that has the title already is replaced only if `replace` says so."""
    if title in notes and not replace:
        raise ToolError(f"There is a note {title!r} already; set replace=true, or choose a title")
    notes[title] = Note(title=title, text=text)
    await ctx.info(f"{len(notes)} notes are kept")
    return notes[title]


@mcp.resource("notes://titles")
def titles() -> list[str]:
    """The titles of all notes."""
    return list(notes)


@mcp.resource("notes://note/{title}", mime_type="text/markdown")
def note(title: str) -> str:
    """A note."""
    if title not in notes:
        raise NotFoundError(f"There is no note {title!r}")
    return f"# {title}\n\n{notes[title].text}\n"


@mcp.prompt
def tidy_up(matter: str) -> str:
    """Ask for one note in place of several."""
    return f"Find my notes on {matter}, write one that says it all, and tell me which can go."


if __name__ == "__main__":
    mcp.run()
