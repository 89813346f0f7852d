"""Clients of a test's own: what they register, and where they send their users."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import httpx2
from processes import SECONDS

from fastmcp._oauth.pkce import challenge_of, new_verifier


class Site:
    """A web site: `pages` by their paths, and what its visitors asked for."""

    def __init__(self, host: str, port: int) -> None:
        self.origin = f"http://{host}:{port}"
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []


@contextmanager
def site(host: str = "localhost") -> Generator[Site]:
    """Serve it; as `localhost` it is another site than 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            body = served.pages.get(self.path.partition("?")[0], "You may go back.").encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Site(host, server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join(SECONDS)
        server.server_close()


def registered(base: str, **metadata: Any) -> httpx2.Response:
    """What the registration of a client is answered."""
    client = {"grant_types": ["authorization_code"], "token_endpoint_auth_method": "none"}
    content = json.dumps({**client, **metadata})
    headers = {"content-type": "application/json"}
    return httpx2.post(f"{base}/register", content=content, headers=headers, timeout=SECONDS)


def authorization_url(base: str, client_id: str, redirect_uri: str, **asked: str) -> str:
    """Where a client sends its user."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "code_challenge": challenge_of(new_verifier()),
        "code_challenge_method": "S256",
        "state": secrets.token_urlsafe(8),
        **asked,
    }
    return f"{base}/authorize?{urlencode(parameters)}"
