"""Middleware: code around every message that a server handles."""

from __future__ import annotations

from .middleware import CallNext, Middleware, MiddlewareContext

__all__ = ["CallNext", "Middleware", "MiddlewareContext"]
