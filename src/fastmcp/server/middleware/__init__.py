"""Middleware: code around every message that a server handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

from .middleware import CallNext, Middleware, MiddlewareContext

if TYPE_CHECKING:
    from .authorization import AuthMiddleware as AuthMiddleware
    from .ping import PingMiddleware as PingMiddleware

__all__ = ["AuthMiddleware", "CallNext", "Middleware", "MiddlewareContext", "PingMiddleware"]

lazy_names(__name__, {"AuthMiddleware": ".authorization", "PingMiddleware": ".ping"})
