"""The ASGI application that serves an endpoint, and what stands around it."""
