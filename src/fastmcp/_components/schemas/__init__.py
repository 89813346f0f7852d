"""What arguments and values look like: their JSON Schemas, and how they are checked."""
