"""Clients that give plain Python values: numbers, texts, lists, dicts, bytes."""
