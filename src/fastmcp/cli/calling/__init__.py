"""The commands that speak to a server as its client: list, call, read, prompt."""
