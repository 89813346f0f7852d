"""Module paths that FastMCP's users import; the code lives in the packages it belongs to."""
