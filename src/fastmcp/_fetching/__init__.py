"""Fetching documents from URLs that somebody else chose, without reaching where they should not."""
