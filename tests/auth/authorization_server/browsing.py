"""A user's browser at the consent page of a server that has users."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import RedirectResponse

from fastmcp.server.auth.oauth.stored import StoredOAuthProvider

from .flows import BASE, Flow, flow_of

# Of the form that Fernet has: any other text would be stretched, which takes a while.
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
USERS: dict[str, dict[str, Any]] = {
    "ann": {"sub": "ann", "role": "admin"},
    "bob": {"sub": "bob", "role": "user", "scopes": ["read"]},
}


def signed_in(request: Request) -> Any:
    """By a cookie of the application; others are sent to sign in."""
    name = request.cookies.get("session")
    if name is None:
        return RedirectResponse(f"/login?next={request.url}")
    return USERS.get(name)


def stored(folder: Path, **options: Any) -> StoredOAuthProvider:
    """A provider whose file is in a folder."""
    options = {
        "base_url": BASE,
        "authenticate": signed_in,
        "storage": f"sqlite:////{str(folder / 'oauth.db').lstrip('/')}",
        "encryption_key": KEY,
        "valid_scopes": ["read", "write"],
        "required_scopes": ["read"],
        "enable_cimd": False,
        **options,
    }
    return StoredOAuthProvider(**options)


@asynccontextmanager
async def users_of(provider: StoredOAuthProvider) -> AsyncGenerator[Flow]:
    """A registered client of a provider with users; nobody is signed in."""
    async with provider.lifespan(), flow_of(provider) as flow:
        await flow.register()
        yield flow


def sign_in(flow: Flow, name: str) -> None:
    flow.http.cookies.set("session", name, domain="127.0.0.1")


async def shown(flow: Flow, **changes: Any) -> httpx2.Response:
    """The consent page."""
    sent = await flow.authorize(**changes)
    assert sent.status_code == 302, sent.text
    return await flow.http.get(sent.headers["location"], headers={"accept": "text/html"})


def fields_of(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {html.unescape(name): html.unescape(value) for name, value in found}


async def answer(flow: Flow, page: httpx2.Response, action: str, **changes: Any) -> httpx2.Response:
    """What follows from a button."""
    form = {**fields_of(page), "action": action, **changes}
    return await flow.http.post("/consent", data={n: v for n, v in form.items() if v is not None})
