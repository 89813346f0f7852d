"""The OpenAPI document of the REST view, made of the lists that its reader sees."""

from __future__ import annotations

from typing import Any

from msgspec import json

from ..servable import HttpServable
from .answer import Answer
from .calls import Calls
from .endpoint import Act
from .listings import LISTINGS, listed
from .operations import (
    COMPONENTS,
    list_paths,
    prompt_path,
    resource_path,
    template_path,
    tool_path,
)
from .request import RestRequest
from .resource_arguments import resource_arguments, template_arguments

VERSION = "3.1.0"


def describing(calls: Calls, server: HttpServable) -> Act:
    """What answers with the document. It is made anew only when it would not be that of the last
    request: for another caller, at another place, or after a change.
    """
    last: tuple[Any, bytes] = (None, b"")

    async def answer(request: RestRequest) -> Answer:
        nonlocal last
        lists = [await listed(calls, request, each) for each in LISTINGS]
        root: str = request.scope.get("root_path", "")
        made_of = (lists, root, _info(server))
        if made_of != last[0]:
            last = made_of, json.encode(_document(server, *made_of))
        return Answer(last[1], lasting=True)

    return answer


def _document(
    server: HttpServable, lists: list[bytes], root: str, info: dict[str, Any]
) -> dict[str, Any]:
    tools, resources, templates, prompts = map(json.decode, lists)
    catalogue = server._parts.catalogue
    paths = list_paths()
    paths |= map(tool_path, tools)
    for entry in templates:
        known = catalogue.templates.current.get(entry["uriTemplate"])
        paths.setdefault(*template_path(entry, {} if known is None else template_arguments(known)))
    for entry in resources:
        fixed = catalogue.resources.current.get(entry["uri"])
        paths |= [resource_path(entry, {} if fixed is None else resource_arguments(fixed))]
    paths |= map(prompt_path, prompts)
    return {
        "openapi": VERSION,
        "info": info,
        "servers": [{"url": root or "/"}],
        "paths": paths,
        "components": COMPONENTS,
    }


def _info(server: HttpServable) -> dict[str, Any]:
    shown = server.server_info
    info = {"title": shown.get("title") or shown["name"], "version": shown["version"]}
    if description := shown.get("description") or server.instructions:
        info["description"] = description
    return info
