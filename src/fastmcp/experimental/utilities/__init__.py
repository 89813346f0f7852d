"""Paths of FastMCP 2.x, from when OpenAPI was an experiment."""
