"""Traces by OpenTelemetry, as servers and clients share them.

`presence` is for everybody; the other modules load OpenTelemetry, so only a program that traces
loads them.
"""
