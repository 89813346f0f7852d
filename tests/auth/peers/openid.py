"""A real OpenID provider, that others wrote and that is certified: npm's `oidc-provider`."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from chromium import Page
from processes import SECONDS, HttpServer, free_port, listening

MACHINE = {
    "client_id": "machine",
    "client_secret": "machine-secret-of-the-tests",
    "grant_types": ["client_credentials"],
    "response_types": [],
    "redirect_uris": [],
    "token_endpoint_auth_method": "client_secret_post",
}
"""A client that gets tokens in its own right."""


def web_client(redirect_uri: str, client_id: str = "upstream-app") -> dict[str, Any]:
    """A client with a secret, as one that an administrator has registered."""
    return {
        "client_id": client_id,
        "client_secret": f"secret-of-{client_id}-in-the-tests",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }


class OpenIdProvider:
    """A running one."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.port = server.port
        self.issuer = f"http://127.0.0.1:{server.port}"
        self.jwks_uri = f"{self.issuer}/jwks"
        self.configuration = f"{self.issuer}/.well-known/openid-configuration"

    def machine_token(self, resource: str | None, scope: str = "read") -> str:
        """A token of `MACHINE` for a resource; without one it is no JWT."""
        form = {
            "grant_type": "client_credentials",
            "client_id": MACHINE["client_id"],
            "client_secret": MACHINE["client_secret"],
        }
        if resource is not None:
            form |= {"scope": scope, "resource": resource}
        answer = httpx2.post(f"{self.issuer}/token", data=form, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def log_in(self, page: Page, name: str = "ann") -> None:
        """What a person does who is sent here: says who they are, and agrees."""
        page.at(f"{self.issuer}/interaction/")
        asked = "document.querySelector('input[name=login]') !== null"
        if page.run(asked):
            page.fill("input[name=login]", name)
            page.fill("input[name=password]", "any")
            page.click("button[type=submit]")
            page.wait_for(lambda page: page.run(asked) is False, "consent page")
        page.at("http")
        if page.url.startswith(f"{self.issuer}/interaction/"):
            page.click("button[type=submit]")


@contextmanager
def openid_provider(
    node: str,
    home: Path,
    *,
    clients: Sequence[dict[str, Any]] = (),
    port: int | None = None,
    algorithm: str = "RS256",
    seconds: int = 600,
) -> Generator[OpenIdProvider]:
    """Run it with some clients, and keys of its own; `home` has the programs of this folder."""
    port = port or free_port()
    wanted = {
        "port": port,
        "algorithm": algorithm,
        "clients": [MACHINE, *clients],
        "seconds": seconds,
    }
    command = [node, str(home / "oidc_provider.mjs")]
    log = home / f"oidc_provider-{port}.log"
    with listening(command, log, port, stdin=json.dumps(wanted).encode(), cwd=home) as server:
        yield OpenIdProvider(server)
