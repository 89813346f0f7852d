"""Looks at how a server has its clients authorized, in the order in which a client does (the MCP
specification's section on authorization), and says what is wrong. It only asks for what anybody may
read, and registers nothing; it sends no credentials but a token that it was given to try.
"""
