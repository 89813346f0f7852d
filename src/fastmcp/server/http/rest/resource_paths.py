"""Which resource a path means: by URI, by plain name, or by the name of its function."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from msgspec import Struct, json

from fastmcp.exceptions import ResourceSecurityError
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate, expand_uri_template
from fastmcp.server.catalogue import Catalogue
from fastmcp.wire.resource_names import canonical_uri

from .calls import Calls
from .failure import Failure
from .listings import TEMPLATES, listed
from .request import RestRequest
from .resource_arguments import template_arguments


class _Entry(Struct, rename="camel"):
    uri_template: str


_read_entries = json.Decoder(list[_Entry]).decode


async def uri_of(catalogue: Catalogue, calls: Calls, request: RestRequest) -> str:
    """The URI that a request is for, with what its query gives.

    A path is a URI or a plain name as it stands, or else percent-encoded as a whole; what fits
    neither may be the name of a resource or a template, to which the query gives its values. What
    is not found is left for the handler to refuse.

    Raises:
        Failure: a template was named, and a value that it needs is missing.
    """
    uris = _spellings(request.encoded_name)
    query = f"?{request.query}" if request.query else ""
    for uri in uris:
        if (fixed := await catalogue.resources.get(uri)) is not None:
            return _with_query(fixed, uri, query)
    for uri in uris:
        if await _matches(catalogue, uri + query):
            return uri + query
    for fixed in await catalogue.resources.list():
        if fixed.name == request.name:
            return _with_query(fixed, fixed.uri, query)
    for template in await catalogue.templates.list():
        if template.name == request.name:
            return await _filled(template, calls, request)
    return asked_for(request)


def asked_for(request: RestRequest) -> str:
    """What a request says that it is for, whatever that turns out to mean."""
    query = f"?{request.query}" if request.query else ""
    return _spellings(request.encoded_name)[0] + query


def _spellings(encoded: str) -> list[str]:
    """The URIs that a path may be meant to be, the likeliest first."""
    text = unquote(encoded)
    as_sent, decoded = canonical_uri(encoded), canonical_uri(text)
    if encoded == text:
        return [as_sent]
    # Without a scheme until it is decoded: somebody has encoded a whole URI.
    is_encoded_uri = as_sent != encoded and decoded == text
    return [decoded, as_sent] if is_encoded_uri else [as_sent, decoded]


async def _matches(catalogue: Catalogue, uri: str) -> bool:
    try:
        return await catalogue.get_template(uri) is not None
    except ResourceSecurityError:
        return True  # the handler refuses it


def _with_query(resource: Resource, uri: str, query: str) -> str:
    """The URI, with the query where the resource takes one."""
    if not query:
        return uri
    try:
        return uri if resource.query_of(uri + query) is None else uri + query
    except ResourceSecurityError:
        return uri + query  # the handler refuses it


async def _filled(template: ResourceTemplate, calls: Calls, request: RestRequest) -> str:
    given = request.arguments
    required: list[str] = template_arguments(template).get("required", [])
    missing = [name for name in required if name not in given]
    if missing and await _is_listed(template, calls, request):
        problems = [{"path": [name], "message": "is required"} for name in missing]
        text = f"{template.name} needs {', '.join(missing)} in the query"
        raise Failure(422, text, details=problems)
    values: dict[str, Any] = {
        name: found[0] if len(found) == 1 else found for name, found in given.items()
    }
    return expand_uri_template(template.uri_template, values)


async def _is_listed(template: ResourceTemplate, calls: Calls, request: RestRequest) -> bool:
    """Whether the caller may know of a template."""
    entries = _read_entries(await listed(calls, request, TEMPLATES))
    return any(entry.uri_template == template.uri_template for entry in entries)
