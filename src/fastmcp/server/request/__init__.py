"""The request being served: what is known of it, and of whom it came from."""
