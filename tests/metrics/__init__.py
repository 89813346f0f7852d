"""What a server counts, and who reads it."""
