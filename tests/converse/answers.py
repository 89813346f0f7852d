"""What the user, the model and the file system of the test's client say."""

from __future__ import annotations

from typing import Any

ROOTS = ["file:///work", "file:///home"]

CONTENTS: dict[str, dict[str, Any]] = {
    "Which colour?": {"value": "blue"},
    "How many?": {"value": 42},
    "Which size?": {"value": "l"},
    "Which toppings?": {"value": ["cheese", "ham"]},
    "Where to?": {"city": "Rome"},
    "Which city?": {"value": "Oslo"},
    "See the fjord. Book it?": {"value": True},
}
SAID = {
    "What is the capital of France?": "Paris",
    "What to see in Oslo?": "See the fjord.",
}

# What each tool gives, where its client can be asked.
RESULTS: dict[str, str] = {
    "ask_colour": "accept: blue",
    "ask_number": "accept: 42",
    "ask_size": "accept: Size.LARGE",
    "ask_toppings": "accept: ['cheese', 'ham']",
    "ask_trip": "accept: Trip(city='Rome', days=3, window=True)",
    "ask_model": "model: Paris",
    "ask_model_with_tools": "model: The sum is 5. after 1",
    "ask_in_turns": "Oslo: See the fjord. accept: True",
    "ask_roots": "file:///work file:///home",
}

ELICITING = {"ask_colour", "ask_number", "ask_size", "ask_toppings", "ask_trip", "ask_in_turns"}


def needs(tool: str) -> str:
    """The first revision in which a client can be asked what this tool asks."""
    if tool in ("ask_toppings", "ask_model_with_tools"):
        return "2025-11-25"  # several choices; tools for the model
    return "2025-06-18" if tool in ELICITING else "2024-11-05"
