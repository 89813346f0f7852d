"""What the named identity providers share: asking them about a token, telling clients about them,
and the options of a proxy. Each of them is a short file in `fastmcp.server.auth.providers`.
"""
