"""A function read once: what it takes, what it says of itself, how it is called."""
