"""Interoperability with the clients and servers that others wrote, over real transports."""
