"""How resources are named: URIs, URI templates, and plain names such as `config/database`."""

from __future__ import annotations

from typing import Any

from fastmcp._components.functions.function import where
from fastmcp.exceptions import InvalidSignature


def is_template(text: str) -> bool:
    """Whether a URI has expressions to fill."""
    return "{" in text or "}" in text


def uri_text(uri: Any) -> str:
    """The URI that a decorator was given: text, or an object whose text is one.

    Raises:
        InvalidSignature: there is none, as in `@mcp.resource` without parentheses.
    """
    if callable(uri) or hasattr(uri, "__func__"):
        function = getattr(uri, "__func__", uri)
        raise InvalidSignature(
            f"{where(function)}: @resource needs a URI before the function; write "
            '@mcp.resource("scheme://path")'
        )
    if uri is None or not str(uri):
        raise InvalidSignature('@resource needs a URI; write @mcp.resource("scheme://path")')
    return str(uri)
