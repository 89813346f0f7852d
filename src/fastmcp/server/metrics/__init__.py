"""Metrics of a server: what is recorded, and how Prometheus and OpenTelemetry get it.

Nothing here is loaded by a server that is not measured.
"""
