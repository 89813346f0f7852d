"""Components that are shown and hidden by HTTP requests."""

from __future__ import annotations

from .component_manager import set_up_component_manager

__all__ = ["set_up_component_manager"]
