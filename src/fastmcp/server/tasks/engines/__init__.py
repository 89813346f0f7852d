"""Engines: who delivers the legs of tasks to workers."""
