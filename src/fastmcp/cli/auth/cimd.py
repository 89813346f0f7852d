"""`fastmcp auth cimd`: the metadata document of a client, whose URL is the id of the client."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from fastmcp.exceptions import ConfigurationError

from ..parsing import add_command, show_examples

PLACE: Final = "https://example.com/oauth/client.json"
"""Where the document is to be published, for those who do not say it yet."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    chores = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    create = add_command(chores, "create", "write such a document")
    create.add_argument("--name", required=True, help="of the client, as users are shown it")
    create.add_argument(
        "-r",
        "--redirect-uri",
        metavar="URI",
        action="append",
        required=True,
        help="where users come back to; http://localhost:*/callback for any port; several times",
    )
    create.add_argument("--client-id", metavar="URL", help="where the document will be published")
    create.add_argument("--client-uri", metavar="URL", help="of the client's page")
    create.add_argument("--logo-uri", metavar="URL")
    create.add_argument("--scope", help="the scopes that it asks for, with spaces between")
    create.add_argument("-o", "--output", metavar="FILE", type=Path, help="else it is printed")
    create.add_argument(
        "--pretty", action=argparse.BooleanOptionalAction, default=True, help="indented"
    )
    create.set_defaults(act=act_create)
    command = "fastmcp auth cimd create --name Shop -r http://localhost:3000/callback"
    show_examples(create, f"{command} --client-id https://shop.example/client.json -o client.json")
    validate = add_command(chores, "validate", "say whether a document is in order")
    validate.add_argument("document", metavar="URL | FILE", help="as published, or before that")
    validate.add_argument(
        "-t", "--timeout", type=float, default=10.0, help="seconds for the answer (default 10)"
    )
    validate.set_defaults(act=act_validate)
    show_examples(validate, "fastmcp auth cimd validate client.json")
    show_examples(parser, command)


def act_create(options: argparse.Namespace) -> int:
    """Write a document that servers accept.

    Raises:
        CIMDValidationError: none would accept it.
    """
    from msgspec import json

    from fastmcp.server.auth.oauth.cimd_document import document_of

    url = _client_id(options.client_id or PLACE)
    members = {
        "client_id": url,
        "client_name": options.name,
        "redirect_uris": options.redirect_uri,
        "client_uri": options.client_uri,
        "logo_uri": options.logo_uri,
        "scope": options.scope,
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    content = json.encode({name: value for name, value in members.items() if value is not None})
    document_of(content, url)
    text = (json.format(content, indent=2) if options.pretty else content).decode()
    if options.output is None:
        print(text)
    else:
        options.output.write_text(f"{text}\n", "utf-8")
        print(f"{options.output} is to be published at {url}", file=sys.stderr)
    if options.client_id is None:
        print(f"fastmcp: --client-id is missing; {PLACE} stands for it", file=sys.stderr)
    return 0


def act_validate(options: argparse.Namespace) -> int:
    """Say that a document is in order.

    Raises:
        CIMDValidationError: it is not.
        CIMDFetchError: it cannot be fetched.
    """
    from fastmcp.server.auth.oauth.cimd_fetching import CIMDFetcher

    from ..terminal import shown_in_line

    if options.document.startswith(("https://", "http://")):
        fetcher = CIMDFetcher(options.timeout)
        document = asyncio.run(fetcher.fetch(options.document))
    else:
        document = _in_file(Path(options.document))
    name = shown_in_line(document.client_name or "a client without a name")
    print(f"{document.client_id} is in order: {name}")
    for uri in document.redirect_uris:
        print(f"  {shown_in_line(uri)}")
    return 0


def _in_file(path: Path) -> Any:
    from msgspec import DecodeError, json

    from fastmcp.server.auth.oauth.cimd_document import document_of

    content = path.read_bytes()
    try:
        members = json.decode(content, type=dict[str, Any])
    except DecodeError as error:
        raise ConfigurationError(f"{path} is not an object of JSON: {error}") from None
    if not isinstance(named := members.get("client_id"), str):
        raise ConfigurationError(f"{path} has no client_id: the URL where it will be published")
    return document_of(content, _client_id(named))


def _client_id(url: str) -> str:
    from fastmcp.server.auth.oauth.cimd_fetching import CIMDFetcher

    if not CIMDFetcher().is_cimd_client_id(url):
        raise ConfigurationError(
            f"A client_id is the URL of its document, of https and with a path, not {url!r}"
        )
    return url
