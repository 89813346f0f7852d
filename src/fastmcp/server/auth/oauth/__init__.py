"""An authorization server of OAuth 2.1: its endpoints, and the provider that decides for them."""
