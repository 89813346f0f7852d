"""Asking the user: what can be asked for, how it is asked, and what the answer may be."""

from __future__ import annotations

from .asking import elicit, elicit_url, tell_completed
from .form import validate_elicitation_json_schema
from .required import UrlElicitationRequiredError
from .response_type import (
    ElicitConfig,
    InvalidAnswer,
    ScalarElicitationType,
    get_elicitation_schema,
    handle_elicit_accept,
    parse_elicit_response_type,
)
from .results import AcceptedElicitation, CancelledElicitation, DeclinedElicitation, Elicitation

__all__ = [
    "AcceptedElicitation",
    "CancelledElicitation",
    "DeclinedElicitation",
    "ElicitConfig",
    "Elicitation",
    "InvalidAnswer",
    "ScalarElicitationType",
    "UrlElicitationRequiredError",
    "elicit",
    "elicit_url",
    "get_elicitation_schema",
    "handle_elicit_accept",
    "parse_elicit_response_type",
    "tell_completed",
    "validate_elicitation_json_schema",
]
