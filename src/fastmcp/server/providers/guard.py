"""Guard: a provider that may fail, among others that shall go on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from fastmcp._components.current import current_scope
from fastmcp._components.versions import VersionSpec, as_spec
from fastmcp.exceptions import InvalidParams

from .kinds import TEMPLATES, Feature, Kind
from .shelf import highest

if TYPE_CHECKING:
    from .base import Provider

ProviderErrorStrategy: TypeAlias = Literal["warn", "raise"]

# How long a provider may take to list or find something, in seconds.
PATIENCE: Final = 10.0
# How long a list of several providers waits for one of them.
GRACE: Final = 2.0
# After a failure it is left alone for so long, and for longer after each further one.
FIRST_REST: Final = 1.0
LONGEST_REST: Final = 30.0
# For how many callers its last lists are kept.
CALLERS: Final = 256

logger = logging.getLogger("fastmcp.server")


class Owner(Protocol):
    """Says what is to be done about failures, and hears of changes."""

    provider_error_strategy: ProviderErrorStrategy

    def changed(self, *features: Feature) -> None: ...


class Guard:
    """Asks a provider. While it fails, what it last listed for the same caller stands in for it,
    and it is asked again only now and then; `failure` says what is wrong.
    """

    def __init__(self, provider: Provider, owner: Owner) -> None:
        self.provider = provider
        self.failure: str | None = None
        self._owner = owner
        self._failures = 0
        self._rest_until = 0.0
        self._asking: dict[tuple[Kind, Any], asyncio.Future[Sequence[Any]]] = {}
        self._last: OrderedDict[tuple[Kind, Any], Sequence[Any]] = OrderedDict()

    def may_offer(self, kind: Kind) -> bool:
        """Whether there may be something of a kind."""
        return self.provider.has_to_list(kind) or bool(self.provider.fixed(kind))

    async def list(self, kind: Kind, patience: float) -> Sequence[Any]:
        """All that the provider offers of a kind. One that takes longer than `patience` is not
        waited for: its owner tells of a change when it is done.
        """
        provider = self.provider
        if not provider.has_to_list(kind):
            return provider.fixed(kind) or ()
        key = (kind, _caller())
        asking = self._asking.get(key)
        if asking is None:
            if self._rests():
                return self._remembered(key)
            asking = self._asking[key] = asyncio.ensure_future(self._list(kind, key))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        elif self.failure is not None:
            return self._remembered(key)
        await asyncio.wait([asking], timeout=patience)
        if asking.done():
            return asking.result()
        self._failed(f"list its {kind.noun}s", TimeoutError(f"not done after {patience:g} seconds"))
        return self._remembered(key)

    async def _list(self, kind: Kind, key: tuple[Kind, Any]) -> Sequence[Any]:
        try:
            await _open(self.provider)
            async with asyncio.timeout(PATIENCE):
                items = await getattr(self.provider, kind.listing)()
        except Exception as error:
            self._failed(f"list its {kind.noun}s", error)
            return self._remembered(key)
        late = self.failure is not None
        self._worked()
        self._remember(key, items)
        if late:
            self._owner.changed(kind.feature)
        return items

    async def get(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        """What the provider has of that name or URI; None for nothing."""
        provider = self.provider
        if self._rests() and provider.fixed(kind) is None:
            return _among(kind, self._remembered((kind, _caller())), address, version)
        try:
            await _open(provider)
            async with asyncio.timeout(PATIENCE):
                found = await getattr(provider, kind.getter)(address, as_spec(version))
        except InvalidParams:
            raise
        except Exception as error:
            self._failed(f"find the {kind.noun} {address!r}", error)
            return _among(kind, self._remembered((kind, _caller())), address, version)
        if self.failure is not None:
            self._worked()
        return found

    def _rests(self) -> bool:
        return self.failure is not None and time.monotonic() < self._rest_until

    def _failed(self, what: str, error: Exception) -> None:
        said = str(error) or type(error).__name__
        if isinstance(error, TimeoutError) and not str(error):
            said = f"it took longer than {PATIENCE:g} seconds"
        text = f"cannot {what}: {said}"
        level = logging.DEBUG if self.failure == text else logging.WARNING
        self._failures += 1
        rest = min(FIRST_REST * 2 ** (self._failures - 1), LONGEST_REST)
        self._rest_until = time.monotonic() + rest
        self.failure = text
        logger.log(level, "The provider %r %s", self.provider, text)
        if self._owner.provider_error_strategy == "raise":
            raise error

    def _worked(self) -> None:
        if self.failure is not None:
            logger.warning("The provider %r works again", self.provider)
        self.failure, self._failures = None, 0

    def _remember(self, key: tuple[Kind, Any], items: Sequence[Any]) -> None:
        self._last[key] = items
        self._last.move_to_end(key)
        if len(self._last) > CALLERS:
            self._last.popitem(last=False)

    def _remembered(self, key: tuple[Kind, Any]) -> Sequence[Any]:
        return self._last.get(key, ())


def _caller() -> Any:
    """Who asks: what one caller is offered is not shown to another."""
    return getattr(current_scope.get(None), "principal", None)


async def _open(provider: Provider) -> None:
    """Have the lifespan be open of a provider that was added after the start."""
    host = getattr(current_scope.get(None), "host", None)
    if host is not None:
        await host.lifespan.include(provider)


def _among(kind: Kind, items: Sequence[Any], address: str, version: VersionSpec | None) -> Any:
    if kind is TEMPLATES:
        from .base import first_matching

        return first_matching(items, address, version)
    return highest([item for item in items if item.address == address], version)
