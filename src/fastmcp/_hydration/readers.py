"""What turns a value of JSON into the Python value that its schema speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

MAX_STEPS = 5_000_000
"""How many steps may be taken to find out which alternatives of a schema a value is."""
MAX_ADDED = 3_000_000
"""How much that is missing in a value may be added to it."""
MAX_COMPLAINTS = 5


class Misfit(Exception):
    """A value is not what its schema says; the text tells what that is."""


class Exhausted(Exception):
    """A schema asks for more than is sensible for any value; the text tells what."""


class Run:
    """The reading of one value.

    A part that does not fit stays as it came, and is complained of; while it is `strict`, which
    alternatives are tried in, it is a misfit of the whole. `known` counts the properties that the
    schema names, and `tried` has what became of parts of the value.
    """

    __slots__ = ("added", "complaints", "known", "steps", "strict", "tried")

    def __init__(self) -> None:
        self.strict = False
        self.steps = 0
        self.added = 0
        self.known = 0
        self.complaints: dict[str, None] = {}
        self.tried: dict[tuple[int, int], tuple[Any, int]] = {}

    def part(self, reader: Reader, value: Any, place: str) -> Any:
        """What a reader makes of a part of a value."""
        if self.strict:
            return reader.read(value, self)
        if reader.plain:
            return value
        try:
            return reader.read(value, self)
        except Misfit as misfit:
            if len(self.complaints) < MAX_COMPLAINTS:
                self.complaints[f"{place[:80]!r} should be {misfit}"] = None
            return value

    def spend(self, steps: int) -> None:
        """Count steps that are taken to choose an alternative.

        Raises:
            Exhausted: they are too many.
        """
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise Exhausted("its schema has too many alternatives to try")

    def add(self, members: int) -> None:
        """Count what is added to a value.

        Raises:
            Exhausted: it is too much.
        """
        self.added += max(0, members)
        if self.added > MAX_ADDED:
            raise Exhausted("its schema adds too much to it")


class Reader:
    """Reads the values of one subschema; one that is `plain` gives them as they are."""

    __slots__ = ("plain",)
    converts: ClassVar[bool] = False

    def __init__(self) -> None:
        self.plain = False

    def parts(self) -> Sequence[Reader]:
        """The readers that it gives parts of a value to."""
        return ()

    def settle(self) -> None:
        """It is known now which readers are plain."""

    def admits(self, value: Any) -> bool:
        """Whether a value is of the right type of JSON."""
        return True

    def read(self, value: Any, run: Run) -> Any:
        """The Python value.

        Raises:
            Misfit: this is not what the schema speaks of.
        """
        return value


class Nothing(Reader):
    """What no value fits."""

    __slots__ = ()

    def admits(self, value: Any) -> bool:
        return False

    def read(self, value: Any, run: Run) -> Any:
        raise Misfit("absent")


class Scalar(Reader):
    """Values that JSON has a type for."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def admits(self, value: Any) -> bool:
        return is_of_type(value, self._name)

    def read(self, value: Any, run: Run) -> Any:
        if not is_of_type(value, self._name):
            raise Misfit(f"of type {self._name}")
        return value


class Choice(Reader):
    """One of some values."""

    __slots__ = ("_others", "_values")

    def __init__(self, values: list[Any]) -> None:
        super().__init__()
        self._values = {_exact(each) for each in values if not isinstance(each, (list, dict))}
        self._others: list[Any] = [each for each in values if isinstance(each, (list, dict))]

    def admits(self, value: Any) -> bool:
        if isinstance(value, (list, dict)):
            return value in self._others
        return _exact(value) in self._values

    def read(self, value: Any, run: Run) -> Any:
        if not self.admits(value):
            raise Misfit("one of the values of its schema")
        return value


class Text(Reader):
    """A text that stands for something else."""

    __slots__ = ("_convert", "_format")
    converts = True

    def __init__(self, format: str, convert: Callable[[str], Any]) -> None:
        super().__init__()
        self._format = format
        self._convert = convert

    def admits(self, value: Any) -> bool:
        return type(value) is str

    def read(self, value: Any, run: Run) -> Any:
        if type(value) is str:
            try:
                return self._convert(value)
            except (ValueError, OverflowError, RecursionError):
                pass
        raise Misfit(f"a {self._format}")


class Later(Reader):
    """Stands for a reader that is still being made: the schema refers to itself."""

    __slots__ = ("target",)

    def __init__(self) -> None:
        super().__init__()
        self.target: Reader = self

    def parts(self) -> Sequence[Reader]:
        return (self.target,)

    def admits(self, value: Any) -> bool:
        return self.target.admits(value)

    def read(self, value: Any, run: Run) -> Any:
        return self.target.read(value, run)


def settle(root: Reader) -> None:
    """Find out which readers are plain: those that lead to none which converts."""
    users: dict[Reader, list[Reader]] = {root: []}
    waiting = [root]
    while waiting:
        reader = waiting.pop()
        for part in reader.parts():
            if part not in users:
                users[part] = []
                waiting.append(part)
            users[part].append(reader)
    converting = {reader for reader in users if reader.converts}
    waiting = list(converting)
    while waiting:
        for user in users[waiting.pop()]:
            if user not in converting:
                converting.add(user)
                waiting.append(user)
    for reader in users:
        reader.plain = reader not in converting
    for reader in users:
        reader.settle()


def is_of_type(value: Any, name: str) -> bool:
    """Whether a value of JSON is of a type of JSON Schema."""
    kind = cast("type[Any]", type(value))
    if name == "integer":
        return kind is int or (kind is float and value.is_integer())
    return kind in _TYPES.get(name, ())


_TYPES: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def _exact(value: Any) -> tuple[bool, Any]:
    """The value as JSON compares it: 1 is 1.0 and is not true."""
    return type(value) is bool, value
