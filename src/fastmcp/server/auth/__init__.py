"""Who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .authorization import AuthCheck as AuthCheck
    from .authorization import AuthContext as AuthContext
    from .authorization import run_auth_checks as run_auth_checks

__all__ = ["AuthCheck", "AuthContext", "run_auth_checks"]

__getattr__ = lazy_names(
    __name__,
    dict.fromkeys(("AuthCheck", "AuthContext", "run_auth_checks"), ".authorization"),
)
