"""What functions keep: for the rest of their request, and for the session that it belongs to."""

from .memory import MemoryStateStore
from .store import StateStore

__all__ = ["MemoryStateStore", "StateStore"]
