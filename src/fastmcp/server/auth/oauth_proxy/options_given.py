"""Options of a proxy that cannot be, or should not."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlsplit

from fastmcp.exceptions import ConfigurationError

from .proxied import Consent

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")


def endpoint_given(url: Any, keyword: str) -> str:
    """The URL of an endpoint upstream.

    Raises:
        ConfigurationError: `keyword` was given what is none.
    """
    text = str(url)
    if urlsplit(text).scheme not in ("http", "https"):
        raise ConfigurationError(f"{keyword}={text!r}: give the URL of the identity provider")
    return text


def consent_given(given: Any) -> Consent:
    """Whether, and how, users are asked.

    Raises:
        ConfigurationError: that is none of the ways.
    """
    if given in (True, False, "remember", "external"):
        return given
    raise ConfigurationError(
        f"require_authorization_consent={given!r}: give True, 'remember', 'external' or False"
    )


def warn_of(consent: Consent, patterns: list[str] | None) -> None:
    """Say what users, or clients, will suffer from."""
    if consent is False:
        logger.warning(
            "Users are not asked for which client they sign in: whoever has them open a link gets "
            "their tokens. This is for development; elsewhere require_authorization_consent=True"
        )
    if patterns is not None and not patterns:
        logger.warning("allowed_client_redirect_uris is empty: no client can be authorized")


def is_https(base_url: str) -> bool:
    """Whether cookies can be kept to it; else that is said."""
    if base_url.startswith("https://"):
        return True
    logger.warning("%s is not https: cookies can be read on their way; for development", base_url)
    return False
