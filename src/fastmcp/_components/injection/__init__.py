"""What functions need besides their arguments: planned once, opened and closed in each call."""
