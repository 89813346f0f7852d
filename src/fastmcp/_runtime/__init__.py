"""Drives the protocol: sessions, dispatch, faults and threads. The place that knows asyncio."""
