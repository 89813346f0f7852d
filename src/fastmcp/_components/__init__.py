"""What tools, resources and prompts share: identity, reading a function's signature, output."""
