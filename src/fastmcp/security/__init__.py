"""Decorators and functions that protect tools, resources and routes."""
