"""Handlers of the authorization server, where FastMCP's users import them from."""
