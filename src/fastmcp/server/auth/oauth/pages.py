"""Pages for people: no script, nothing from elsewhere, and no framing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.responses import Response

from .redirects import LOOPBACK

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; }
main { max-width: 34rem; margin: 0 auto; }
h1 { font-size: 1.35rem; }
img { max-height: 48px; max-width: 96px; }
dl { border: 1px solid #8884; border-radius: 8px; padding: .75rem 1rem; }
dt { font-size: .85rem; opacity: .75; }
dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
.warning { border-left: 4px solid #d97706; padding: .5rem .9rem; background: #d9770618; }
form { display: flex; gap: .75rem; margin-top: 1.25rem; }
button { font: inherit; padding: .55rem 1.3rem; border-radius: 8px; border: 1px solid #8888; }
button[value=approve] { background: #1d4ed8; border-color: #1d4ed8; color: #fff; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


class Page(Struct, frozen=True):
    """A document, and the headers that it has to be sent with."""

    html: str
    headers: dict[str, str]

    def response(self, status: int = 200) -> Response:
        """The page as it is sent."""
        return Response(self.html, status, self.headers, "text/html; charset=utf-8")


def page(
    title: str,
    body: str,
    *,
    icon: str | None = None,
    form_action: Sequence[str] = ("'none'",),
    csp_policy: str | None = None,
) -> Page:
    """A page with a body in HTML. `form_action` is where its forms may lead, redirects included;
    `csp_policy` replaces the whole policy, and an empty one is none.
    """
    shown = icon if icon is not None and _may_be_shown(icon) else None
    logo = "" if shown is None else f'<img src="{escape(shown)}" alt="">'
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{logo}<h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    headers = {
        "cache-control": "no-store",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        # With no-referrer a browser would not say where the form that it posts comes from.
        "referrer-policy": "same-origin",
    }
    policy = _policy(shown, form_action) if csp_policy is None else csp_policy
    if policy:
        headers["content-security-policy"] = policy
    return Page(html, headers)


def _policy(icon: str | None, form_action: Sequence[str]) -> str:
    rules = [
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_HASH}'",
        f"form-action {' '.join(form_action)}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if icon is not None:
        rules.append(f"img-src {source_of(icon)}")
    return "; ".join(rules)


def source_of(uri: str) -> str:
    """The origin of a URL, or the scheme of another URI, as a policy names it."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:"
    if parts.hostname in LOOPBACK and parts.hostname != "::1":
        return f"{parts.scheme}://{parts.hostname}:*"
    if parts.hostname == "::1":  # a policy cannot name an address of IPv6
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"


def _may_be_shown(icon: str) -> bool:
    """An icon from somewhere; one that could end the policy's rule is not."""
    return icon.startswith(("https://", "http://", "data:image/")) and not any(
        character in urlsplit(icon).netloc for character in " ;,'\""
    )
