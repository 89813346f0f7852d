"""Providers and verifiers for `FastMCP(auth=...)`, each in the module of its name."""
