"""A soak with faults: workers, Redis and connections fail at random; what became of each call."""
