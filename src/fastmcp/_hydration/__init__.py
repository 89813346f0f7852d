"""Python types from JSON Schemas, and Python values from JSON."""
