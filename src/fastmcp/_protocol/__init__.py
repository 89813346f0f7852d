"""The protocol as pure functions and objects: no I/O, no clock, no async library."""
