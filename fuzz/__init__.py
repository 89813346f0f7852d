"""Bad input in bulk: bytes and mutated messages into every way that leads into a server."""
