"""The page that a person sees after signing in. It has no script, and nothing of others in it that
is not escaped.
"""

from __future__ import annotations

import base64
import hashlib
import html

from .exchange import plain

_STYLE = (
    "body{font-family:system-ui,sans-serif;background:#f6f7f9;color:#16181d;display:flex;"
    "min-height:100vh;margin:0;align-items:center;justify-content:center}"
    "main{background:#fff;border:1px solid #e3e5ea;border-radius:12px;padding:2rem 2.5rem;"
    "max-width:32rem;text-align:center}code{word-break:break-word}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "connection": "close",
}


def create_callback_html(
    message: str,
    is_success: bool = True,
    title: str = "FastMCP OAuth",
    server_url: str | None = None,
) -> str:
    """The page: whether it went well, and `message`, or to which server one is connected."""
    heading = "Authentication successful" if is_success else "Authentication failed"
    detail = f"Connected to: {server_url}" if is_success and server_url else message
    said = f"<p><code>{html.escape(plain(detail))}</code></p>" if detail else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(plain(title))}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{heading}</h1>{said}<p>You can close this tab now.</p></main></body>"
        "</html>"
    )
