"""Many functions with distinct signatures, as the tools of a large server would have."""

from collections.abc import Callable
from itertools import count, cycle, islice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Function = Callable[..., Any]


class Point(BaseModel):
    x: float
    y: float = 0.0
    label: str | None = None


REQUIRED = ["int", "str", "list[int]", "dict[str, float]", "Point", "bool", "float"]
OPTIONAL = [
    "float = 0.5",
    "str | None = None",
    "Literal['fast', 'safe'] = 'fast'",
    "Annotated[int, Field(ge=1, le=100, description='How many at most')] = 10",
    "bool = False",
]
RETURNS = ["int", "str", "list[str]", "dict[str, float]", "Point"]


def functions(number: int) -> list[Function]:
    """Fresh function objects on every call: none can have been seen before."""
    namespace: dict[str, Any] = {
        "Annotated": Annotated,
        "Field": Field,
        "Literal": Literal,
        "Point": Point,
    }
    required, optional, returns = cycle(REQUIRED), cycle(OPTIONAL), cycle(RETURNS)
    numbers = count()
    source: list[str] = []
    for index in range(number):
        kinds = [*islice(required, 1 + index % 3), *islice(optional, index % 2 + 1)]
        parameters = ", ".join(f"p{next(numbers)}: {kind}" for kind in kinds)
        source.append(f"async def tool_{index}({parameters}) -> {next(returns)}:")
        source.append(f"    '''Tool number {index}.'''")
    exec(compile("\n".join(source), "<signatures>", "exec", dont_inherit=True), namespace)
    return [namespace[f"tool_{index}"] for index in range(number)]
