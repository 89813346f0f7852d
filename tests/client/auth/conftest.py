"""What holds for every test of this folder."""

from log_leaks import nothing_secret_is_logged

__all__ = ["nothing_secret_is_logged"]
