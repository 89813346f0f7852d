"""Drives the protocol: sessions, dispatch, faults and threads. The place that knows asyncio."""

from fastmcp import _logging as _logging
