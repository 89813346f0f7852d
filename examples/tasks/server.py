"""Counts words in files, in the background: tasks are kept in a file, and workers do them."""

import asyncio
from collections import Counter
from pathlib import Path

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

FOLDER = Path(__file__).parent

mcp = FastMCP("Archive", docket="sqlite:///tasks.db")


@mcp.tool(task=True)  # a client may wait for it as well, as for any other tool
async def count_words(pattern: str, ctx: Context, pause: float = 0.1) -> dict[str, int]:
    """Count the words of the files that a pattern fits; those that are there most often."""
    if ".." in pattern or pattern.startswith("/"):
        raise ToolError("Give a pattern below the folder, as *.py")
    files = sorted(FOLDER.glob(pattern))
    words: Counter[str] = Counter()
    for number, file in enumerate(files):
        await ctx.report_progress(number, len(files), f"reading {file.name}")
        words.update(file.read_text("utf-8", "replace").split())
        await asyncio.sleep(pause)  # what takes long elsewhere
    return dict(words.most_common(3))


if __name__ == "__main__":
    mcp.run("http", port=8000)
