"""What became of a question to the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class AcceptedElicitation(Generic[T_co]):
    """The user answered; `data` is the answer, converted to the type that was asked for."""

    action: Literal["accept"] = "accept"
    data: T_co


@dataclass(frozen=True, kw_only=True)
class DeclinedElicitation:
    """The user said no."""

    action: Literal["decline"] = "decline"


@dataclass(frozen=True, kw_only=True)
class CancelledElicitation:
    """The user went away without an answer."""

    action: Literal["cancel"] = "cancel"


Elicitation: TypeAlias = AcceptedElicitation[T] | DeclinedElicitation | CancelledElicitation
"""Any of the three; tell them apart by `match`, or by `action`."""
