"""Background tasks: calls that are answered at once, and done by a worker."""
