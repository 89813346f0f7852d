"""The page that asks a user whether a client may act for them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from msgspec import Struct

from .pages import Page, page, source_of
from .redirects import LOOPBACK


class ConsentRequest(Struct, frozen=True, kw_only=True):
    """What a user is asked.

    `action` is where the answer is posted: `action=approve` or `deny`, with the `fields` that
    say which question it answers and the `csrf_token`. `client_domain` is the host of a client
    that is known by the URL of its metadata, None for one that registered itself; `only_loopback`
    says that all redirect URIs of it are on the user's machine. Forms may lead to `form_action`
    beside this server and the redirect URI: browsers count redirects.
    """

    client_name: str | None
    client_id: str
    redirect_uri: str
    scopes: Sequence[str]
    csrf_token: str
    action: str
    fields: dict[str, str] = {}
    client_uri: str | None = None
    client_domain: str | None = None
    only_loopback: bool = False
    subject: str | None = None
    server_name: str = "FastMCP"
    server_icon: str | None = None
    resource: str | None = None
    form_action: Sequence[str] = ()
    csp_policy: str | None = None


def consent_page(request: ConsentRequest) -> Page:
    """The page, everything that a client says of itself escaped."""
    title = f"Allow access to {_short(request.server_name)}?"
    name = _short(request.client_name or "").strip() or _short(request.client_id)
    body = (
        f"<p>The application <strong>{escape(name)}</strong> asks to use "
        f"<strong>{escape(_short(request.server_name))}</strong> for you.</p>"
        f"{_warnings(request)}{_facts(request)}{_form(request)}"
    )
    return page(
        title,
        body,
        icon=request.server_icon,
        form_action=("'self'", source_of(request.redirect_uri), *request.form_action),
        csp_policy=request.csp_policy,
    )


def redirect_host(uri: str) -> str:
    """Where a redirect URI leads, in a word: a host, or the scheme of an application."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        return parts.netloc
    return f"{parts.scheme}:// (an application on this device)"


def _warnings(request: ConsentRequest) -> str:
    if request.client_domain is None:
        text = (
            "It registered itself, and its name has not been verified. Go on only if you have "
            "just begun this yourself, and know where you will be sent."
        )
    elif request.only_loopback:
        text = (
            f"Any program on this device could claim to be the application of "
            f"{request.client_domain}: it is sent the answer on your own machine. Go on only if "
            "you have just begun this yourself."
        )
    else:
        return ""
    return f'<p class="warning">{escape(text)}</p>'


def _facts(request: ConsentRequest) -> str:
    known = (
        "registered itself"
        if request.client_domain is None
        else f"known by its domain, {request.client_domain}"
    )
    host = redirect_host(request.redirect_uri)
    if urlsplit(request.redirect_uri).hostname in LOOPBACK:
        host += " (this device)"
    facts = {
        "You will be sent to": host,
        "Exactly": request.redirect_uri,
        "Scopes": ", ".join(request.scopes) or "none",
        "Application": f"{request.client_id} ({known})",
        "Its page": request.client_uri,
        "For": request.resource,
        "Signed in as": request.subject,
    }
    rows = (
        f"<dt>{escape(term)}</dt><dd>{escape(fact)}</dd>" for term, fact in facts.items() if fact
    )
    return f"<dl>{''.join(rows)}</dl>"


def _form(request: ConsentRequest) -> str:
    fields = {**request.fields, "csrf_token": request.csrf_token}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<form method="post" action="{escape(request.action)}">{hidden}'
        '<button name="action" value="approve">Allow</button>'
        '<button name="action" value="deny">Deny</button></form>'
    )


def _short(text: str) -> str:
    """A name that leaves room for what matters, and no character that turns writing around."""
    plain = "".join(c for c in text if c.isprintable())
    return plain if len(plain) <= 100 else f"{plain[:99]}…"
