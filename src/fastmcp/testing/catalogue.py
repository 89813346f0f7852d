"""A server's catalogue as clients see it, kept in a file and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from fastmcp._runtime.portal import portal
from fastmcp.client.client import Client
from fastmcp.client.transports.inference import infer_transport
from fastmcp.exceptions import METHOD_NOT_FOUND, McpError

from .breaking import breaking_changes_between

Catalogue: TypeAlias = dict[str, list[dict[str, Any]]]
"""The lists `tools`, `resources`, `resourceTemplates` and `prompts`, each in the order of its
names, with entries as the protocol has them."""

NAMES = {"tools": "name", "resources": "uri", "resourceTemplates": "uriTemplate", "prompts": "name"}
"""By what the entries of each list are known."""

_ABSENT: Any = object()


async def fetch_catalogue(target: Any, **options: Any) -> Catalogue:
    """The catalogue of a server, or of whatever else a `Client` reaches; options are its own."""
    async with Client(infer_transport(target), **options) as client:
        lists = {
            "tools": client.list_tools,
            "resources": client.list_resources,
            "resourceTemplates": client.list_resource_templates,
            "prompts": client.list_prompts,
        }
        found: Catalogue = {}
        for part, fetch in lists.items():
            entries = [entry.model_dump(exclude_none=True) for entry in await _offered(fetch)]
            found[part] = sorted(entries, key=lambda entry: str(entry[NAMES[part]]))
        return found


async def _offered(fetch: Any) -> list[Any]:
    try:
        return await fetch()
    except McpError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return []


def get_catalogue(source: Any) -> Catalogue:
    """The catalogue of a server, of a file (a `Path`, or a text that ends in `.json`), or one that
    was fetched before. It waits; in async code, `fetch_catalogue` does not.
    """
    if isinstance(source, Mapping) and not (NAMES.keys() - cast("Any", source).keys()):
        return cast("Catalogue", source)
    if isinstance(source, Path) or (isinstance(source, str) and source.endswith(".json")):
        return load_catalogue(source)
    return portal.run(fetch_catalogue(source))


def load_catalogue(path: str | Path) -> Catalogue:
    """Read a file that `save_catalogue` wrote."""
    return json.loads(Path(path).read_text("utf-8"))


def save_catalogue(catalogue: Catalogue, path: str | Path) -> None:
    """Write a file that is good to read and to compare."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(catalogue, indent=2, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", "utf-8")


def assert_catalogue(target: Any, path: str | Path, *, update: bool = False) -> None:
    """Compare a server's catalogue with the file at `path`, which is written where there is none,
    and with `update`.

    Raises:
        AssertionError: they differ; the text says where, and which changes break clients.
    """
    __tracebackhide__ = True
    now = get_catalogue(target)
    if update or not Path(path).exists():
        save_catalogue(now, path)
        return
    before = load_catalogue(path)
    lines = list(differences(before, now))
    if not lines:
        return
    broken = breaking_changes_between(before, now)
    if broken:
        lines += ["", "This breaks clients:", *(f"  {each}" for each in broken)]
    raise AssertionError(
        "\n".join(
            [
                f"The catalogue is not as in {path}:",
                *lines,
                "",
                "If it is to be so, update the file: pytest --mcp-snapshot-update, or update=True",
            ]
        )
    )


def differences(before: Any, now: Any, at: str = "") -> Iterator[str]:
    """Where two catalogues, or parts of them, differ: one line for each place."""
    if before is _ABSENT:
        yield f"+ {at}: {_shown(now)}"
    elif now is _ABSENT:
        yield f"- {at}: {_shown(before)}"
    elif (named := _named(before, now)) is not None:
        for name in sorted(named[0].keys() | named[1].keys()):
            yield from differences(
                named[0].get(name, _ABSENT), named[1].get(name, _ABSENT), _joined(at, name)
            )
    elif before != now:
        yield f"~ {at}: {_shown(before)} -> {_shown(now)}"


def _named(before: Any, now: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both as members by name: of objects, and of lists whose entries have names."""
    if isinstance(before, dict) and isinstance(now, dict):
        return cast("dict[str, Any]", before), cast("dict[str, Any]", now)
    if isinstance(before, list) and isinstance(now, list):
        for key in ("name", "uri", "uriTemplate"):
            pair = _by(key, cast("list[Any]", before)), _by(key, cast("list[Any]", now))
            if pair[0] is not None and pair[1] is not None:
                return pair[0], pair[1]
    return None


def _by(key: str, entries: list[Any]) -> dict[str, Any] | None:
    objects = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
    found = {entry[key]: entry for entry in objects if key in entry}
    return found if len(found) == len(entries) else None


def _joined(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 100 else text[:97] + "..."


def breaking_changes(old: Any, new: Any) -> list[str]:
    """What a client of `old` can no longer rely on in `new`, one sentence for each change: what is
    gone, arguments that are required now or take less than before, and results that lack a member
    or may be something else. Additions break nothing.

    Each is a server, the path of a catalogue's file, or a catalogue.
    """
    return breaking_changes_between(get_catalogue(old), get_catalogue(new))


def assert_compatible(old: Any, new: Any) -> None:
    """As `breaking_changes`.

    Raises:
        AssertionError: there are any.
    """
    __tracebackhide__ = True
    if broken := breaking_changes(old, new):
        raise AssertionError("\n".join(["This breaks clients:", *(f"  {each}" for each in broken)]))
