"""Component: what every tool, resource, template and prompt has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeAlias, TypedDict, TypeVar, cast

from msgspec import Raw, Struct, field, json, structs

from fastmcp._components.functions.signature import Signature, where
from fastmcp.exceptions import InvalidSignature
from fastmcp.wire.completion import CompleteRequestParams, CompleteResult
from fastmcp.wire.content import Icon
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import Revision, sieve

from .foreign import as_model
from .task_config import TaskConfig, task_config

Check: TypeAlias = Callable[[Any], Any]


# How much of what is made of a component is kept for the next time.
MOST_DERIVED: Final = 64


class ComponentOptions(TypedDict, total=False):
    """What the decorator of every kind takes. `auth` is a check, or several, that a caller has to
    pass; with `enabled` False the component is registered and hidden.
    """

    name: str | None
    version: str | float | None
    title: str | None
    description: str | None
    icons: list[Any] | None
    tags: set[str] | None
    meta: dict[str, Any] | None
    auth: Check | list[Check] | None
    task: bool | TaskConfig | None
    enabled: bool


Self_ = TypeVar("Self_", bound="Component")


class Component(Struct, kw_only=True, dict=True, eq=False):
    """A described, addressable piece of a server.

    Subclasses may add annotated fields; they become keywords of the constructor. Lists show a
    component as it was when it was first listed, or when a member of it was last set.
    """

    KIND: ClassVar[str] = "component"

    name: str
    version: str | None = None
    title: str | None = None
    description: str | None = None
    icons: list[Icon] | None = None
    tags: set[str] = field(default_factory=set[str])
    meta: dict[str, Any] | None = None
    auth: Check | list[Check] | None = None
    task: TaskConfig | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        given: Any = self.task
        if given is not None and not isinstance(given, TaskConfig):
            Struct.__setattr__(self, "task", task_config(given, repr(self.name)))

    def __setattr__(self, name: str, value: Any) -> None:
        Struct.__setattr__(self, name, value)
        self._forget()

    def _forget(self) -> None:
        """Drop what was made of it as it was."""
        vars(self).pop("_entries", None)
        vars(self).pop("_derived", None)

    def _make_derived(self: Self_, key: Hashable, make: Callable[[Self_], Self_]) -> Self_:
        """What `make` gives for this component, made once for each key while it stays as it is."""
        made: dict[Hashable, Self_] = vars(self).setdefault("_derived", {})
        found = made.get(key)
        if found is None:
            if len(made) >= MOST_DERIVED:
                del made[next(iter(made))]
            found = made[key] = make(self)
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"

    @property
    def key(self) -> str:
        """The address of this component among all of its kind, with its version."""
        return f"{self.KIND}:{self._address}@{self.version or ''}"

    @property
    def _address(self) -> str:
        """What a client names to reach it."""
        return self.name

    @property
    def spellings(self) -> set[str]:
        """The texts that name it in visibility rules."""
        return {self.name, self._address}

    @property
    def origins(self) -> tuple[Component, ...]:
        """The component, and what it stands for on the servers that it comes from."""
        return (self,)

    @property
    def arguments_schema(self) -> dict[str, Any]:
        """The JSON Schema of what a client gives; empty when none is known."""
        return {}

    @property
    def checks(self) -> list[Check]:
        """What a caller has to pass."""
        auth: Any = self.auth
        return [] if auth is None else checks_of(auth)

    def model_copy(
        self: Self_, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self_:
        """A copy with some members replaced."""
        del deep
        copied = structs.replace(self)
        vars(copied).update(vars(self))
        copied._forget()
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    copy = model_copy

    def enable(self) -> None:
        """What FastMCP 2 had; a server shows and hides components."""
        raise NotImplementedError(self._no_longer("enable"))

    def disable(self) -> None:
        """As `enable`."""
        raise NotImplementedError(self._no_longer("disable"))

    def _no_longer(self, method: str) -> str:
        return f"a {self.KIND} has no {method}() any more; use server.{method}(keys=[{self.key!r}])"

    def check_arguments(self, arguments: Any) -> None:
        """See that what a client gave can be taken, before it is: as raw JSON, or as data.

        Raises:
            ValidationError: it does not fit.
        """

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        """Values for an argument, where that is not for the server to say: it is one of another."""
        return None

    def _entry(self, *, portable: bool) -> Model:
        """How lists show it; `portable` inlines the references in its schemas."""
        raise NotImplementedError

    def _encoded_entry(self, revision: Revision, *, portable: bool) -> Raw:
        """The entry of one revision's lists as JSON, written once."""
        entries: dict[tuple[Revision, bool], Raw] = vars(self).setdefault("_entries", {})
        found = entries.get((revision, portable))
        if found is None:
            found = Raw(json.encode(sieve(self._entry(portable=portable), revision)))
            entries[revision, portable] = found
        return found

    def get_meta(self) -> dict[str, Any] | None:
        """`_meta` as clients see it: the author's, and under `fastmcp` what has no other place."""
        own: dict[str, Any] = {}
        if self.tags:
            own["tags"] = sorted(self.tags)
        if self.version is not None:
            own["version"] = self.version
            own["versions"] = list(vars(self).get("versions", ())) or [self.version]
        if not own:
            return self.meta
        author: dict[str, Any] = self.meta or {}
        return {**author, "fastmcp": {**author.get("fastmcp", {}), **own}}


def described(signature: Signature, options: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a component made from a function: what was said of it, or else what the
    function says of itself.

    Raises:
        InvalidSignature: a lambda without a name, or a version that cannot be one.
    """
    name = options.get("name") or signature.name
    if name == "<lambda>":
        raise InvalidSignature(f"{where(signature.call)}: a lambda needs name=")
    description = options.get("description")
    icons: list[Any] | None = options.get("icons")
    meta: dict[str, Any] | None = options.get("meta")
    if options.get("app") not in (None, False):
        from .app_config import app_config_to_meta_dict

        meta = {**(meta or {}), "ui": app_config_to_meta_dict(options["app"])}
    return {
        "name": name,
        "version": _version(options.get("version"), signature),
        "title": options.get("title"),
        "description": signature.doc if description is None else description,
        "icons": None if icons is None else [as_model(icon, Icon) for icon in icons],
        "tags": set(options.get("tags") or ()),
        "meta": meta,
        "auth": _checked(options.get("auth")),
        "task": task_config(options.get("task"), where(signature.call)),
        "enabled": options.get("enabled", True),
    }


def _version(version: Any, signature: Signature) -> str | None:
    if version is None:
        return None
    if isinstance(version, bool) or not isinstance(version, (str, int, float)):
        raise InvalidSignature(
            f"{where(signature.call)}: version={version!r} of {signature.name}(): give text or a "
            "number"
        )
    if "@" in (text := str(version)):
        raise InvalidSignature(
            f"{where(signature.call)}: version={text!r} of {signature.name}(): a version has no "
            '"@", which stands before it in name@version'
        )
    return text


def checks_of(auth: Any) -> list[Any]:
    """One check or several, as a list."""
    return list(cast("Iterable[Any]", auth)) if isinstance(auth, _SEVERAL) else [auth]


_SEVERAL = (list, tuple, set, frozenset)


def _checked(auth: Any) -> Any:
    for check in () if auth is None else checks_of(auth):
        if not callable(check):
            raise InvalidSignature(
                f"auth= takes a check, a function of an AuthContext as require_scopes(...) makes, "
                f"or a list of them, not {check!r}"
            )
    return auth
