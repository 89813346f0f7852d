"""What an authorization server, a resource server and a client say to each other in OAuth 2.1: its
documents, where they are, and its challenges. It does no I/O, and knows nothing of MCP.
"""
