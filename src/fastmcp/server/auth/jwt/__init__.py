"""Signed tokens (RFC 7519): their keys, their signatures and what their claims must say."""
