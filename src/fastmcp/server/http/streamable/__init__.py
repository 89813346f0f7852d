"""Streamable HTTP: the endpoint, its sessions, and the streams that they are answered by."""
