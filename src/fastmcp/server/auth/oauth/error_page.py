"""What a user, or a program in their place, is told where no client can be."""

from __future__ import annotations

from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fastmcp._oauth.locations import AUTHORIZATION_SERVER
from fastmcp.exceptions import OAuthError

from .pages import page
from .replies import error_reply, json_reply

_REGISTRATION = 'rel="http://oauth.net/core/2.1/#registration"'


def authorization_error(request: Request, error: OAuthError) -> Response:
    """An error of the authorization endpoint, as a page for browsers."""
    if not wants_html(request):
        return error_reply(error)
    text = error.error_description or error.error
    body = (
        f'<p class="warning">{escape(text)} (<code>{escape(error.error)}</code>)</p>'
        "<p>The application that sent you here made a mistake. Close this page, and begin again "
        "from there.</p>"
    )
    return page("This request is not valid", body).response(400)


def unregistered_client(
    request: Request,
    client_id: str,
    state: str | None,
    *,
    base_url: str,
    registers: bool,
    server_name: str | None = None,
    server_icon: str | None = None,
) -> Response:
    """The answer to a client that nobody knows, which says where it could register."""
    endpoint = f"{base_url}/register" if registers else None
    headers = {} if endpoint is None else {"link": f"<{endpoint}>; {_REGISTRATION}"}
    if wants_html(request):
        name, icon = server_of(request, server_name, server_icon)
        response = page("Client not registered", _hint(client_id, name), icon=icon).response(400)
        response.headers.update(headers)
        return response
    told: dict[str, Any] = {
        "error": "invalid_request",
        "error_description": (
            f"Client ID '{client_id}' is not registered with this server. Forget what is kept of "
            "this server, register again, and retry"
        ),
        "state": state,
        "registration_endpoint": endpoint,
        "authorization_server_metadata": f"{base_url}{AUTHORIZATION_SERVER}",
    }
    return json_reply({n: v for n, v in told.items() if v is not None}, 400, headers)


def _hint(client_id: str, server_name: str) -> str:
    return (
        f'<p class="warning">{escape(server_name)} does not know the application '
        f"<code>{escape(client_id)}</code>.</p>"
        "<p>Your application opened this page, and it cannot see that it failed. To go on:</p>"
        "<ul><li>Close this page.</li>"
        "<li>Have the application forget its sign-in to this server, or restart it.</li>"
        "<li>Connect again: it will register itself anew.</li></ul>"
    )


def server_of(
    request: Request, name: str | None = None, icon: str | None = None
) -> tuple[str, str | None]:
    """The name and icon of the server that a page is of."""
    state = getattr(request.scope.get("app"), "state", None)
    server: Any = getattr(state, "fastmcp_server", None)
    if server is None:
        return name or "FastMCP", icon
    icons = getattr(server, "icons", None)
    return name or server.name, icon or (str(icons[0].src) if icons else None)


def wants_html(request: Request) -> bool:
    """Whether it comes from a browser."""
    return "text/html" in request.headers.get("accept", "")
