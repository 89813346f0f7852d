"""What a server does for each method: one handler, and how its outcome goes on the wire."""
