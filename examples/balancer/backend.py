"""One of several servers that do the same: python backend.py PORT"""

import sys

from fastmcp import FastMCP

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8001

mcp = FastMCP("Translator")
words = {"bread": "Brot", "tea": "Tee", "water": "Wasser"}


# Read-only: a call that was lost with a backend may be made again at another one.
@mcp.tool(annotations={"readOnlyHint": True})
def translate(word: str) -> dict[str, str]:
    """Translate an English word into German."""
    return {"german": words.get(word.lower(), word), "by": str(PORT)}


# Not read-only: a call that was lost ends with an error, since it may have been carried out.
@mcp.tool
def learn(word: str, german: str) -> str:
    """Teach the backend that is asked a word."""
    words[word.lower()] = german
    return f"{PORT} knows {len(words)} words"


if __name__ == "__main__":
    mcp.run("http", port=PORT)
