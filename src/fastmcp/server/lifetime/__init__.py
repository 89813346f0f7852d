"""What lives as long as the server, or as a session: lifespans, and what is opened in them."""
