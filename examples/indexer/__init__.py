"""A document index: a service that knows no MCP, and the ways it is served."""
