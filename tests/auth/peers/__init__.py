"""Authorization with the parts of others: an OpenID provider, a browser, the official SDKs."""
