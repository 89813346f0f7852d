"""Serving applications: sockets, bounded parsers, workers, and the end."""
