"""The lists: each as one JSON array, with all of its pages."""

from __future__ import annotations

from msgspec import Raw, Struct, json

from .answer import Answer
from .calls import Calls
from .endpoint import Act
from .request import RestRequest


class Listing(Struct, frozen=True):
    """A list: its path, its method, and the member of the result that has the entries."""

    path: str
    method: str
    member: str


TOOLS = Listing("/tools", "tools/list", "tools")
RESOURCES = Listing("/resources", "resources/list", "resources")
TEMPLATES = Listing("/resource-templates", "resources/templates/list", "resourceTemplates")
PROMPTS = Listing("/prompts", "prompts/list", "prompts")
LISTINGS = (TOOLS, RESOURCES, TEMPLATES, PROMPTS)

_read_members = json.Decoder(dict[str, Raw]).decode
_read_cursor = json.Decoder(str | None).decode


async def listed(calls: Calls, request: RestRequest, listing: Listing) -> bytes:
    """The entries of a list as a JSON array."""
    pages: list[bytes] = []
    cursors: list[str] = []
    while True:
        params = {"cursor": cursors[-1]} if cursors else {}
        members = _read_members((await calls.ask(request, listing.method, params)).result)
        pages.append(bytes(members[listing.member]))
        cursor = _read_cursor(members.get("nextCursor", b"null"))
        if cursor is None or cursor in cursors:
            break
        cursors.append(cursor)
    if len(pages) == 1:
        return pages[0]
    inner = (page.strip()[1:-1].strip() for page in pages)
    return b"[" + b",".join(entries for entries in inner if entries) + b"]"


def showing(calls: Calls, listing: Listing) -> Act:
    """What answers with a list."""

    async def answer(request: RestRequest) -> Answer:
        return Answer(await listed(calls, request, listing), lasting=True)

    return answer
