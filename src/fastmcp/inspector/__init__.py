"""The inspector: a page in the browser that speaks to an MCP server through our client.

`serving` runs it, `app` is what it serves, `conversation` the client's side of it. Its page is
plain JavaScript in `page/`, which needs neither a build nor a network.
"""
