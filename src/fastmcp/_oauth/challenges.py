"""The header `WWW-Authenticate` of bearer tokens (RFC 6750 section 3, RFC 9728 section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence


def bearer_challenge(
    *,
    error: str | None = None,
    error_description: str | None = None,
    scopes: Sequence[str] = (),
    resource_metadata: str | None = None,
) -> str:
    """The challenge of a server that wants another token, or one at all."""
    parameters = {
        "error": error,
        "error_description": error_description,
        "scope": " ".join(scopes) or None,
        "resource_metadata": resource_metadata,
    }
    written = [f"{name}={_quoted(value)}" for name, value in parameters.items() if value]
    return "Bearer " + ", ".join(written) if written else "Bearer"


def _quoted(value: str) -> str:
    """A quoted-string (RFC 9110 section 5.6.4), without what no header may have."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in value)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
