"""Routes of documents that anybody may read, browsers of other origins included."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp._oauth.documents import Document, ProtectedResourceMetadata
from fastmcp._oauth.locations import PROTECTED_RESOURCE, path_of


def readable(app: ASGIApp, methods: list[str]) -> ASGIApp:
    """An endpoint that pages of any origin may use, without the user's credentials."""
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=methods, allow_headers=["*"])


def document_route(path: str, document: Document) -> Route:
    """A route of a document that does not change."""
    body = document.to_json()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = Response(body, 200, {"cache-control": "max-age=3600"}, "application/json")
        await response(scope, receive, send)

    endpoint = readable(answer, ["GET"])
    return Route(path, endpoint, methods=["GET", "OPTIONS"], include_in_schema=False)


def protected_resource_route(metadata: ProtectedResourceMetadata) -> Route:
    """The route of the metadata of a resource, by the path of its URL (RFC 9728 section 3.1)."""
    return document_route(PROTECTED_RESOURCE + path_of(metadata.resource), metadata)
