"""Guard: a provider that may fail, among others that shall go on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from fastmcp._components.current import current_scope
from fastmcp._components.versions import VersionSpec, as_spec
from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import AuthorizationError, InvalidParams

from ..state.session_names import session_id_of, stands_alone
from .kinds import TEMPLATES, Feature, Kind
from .shelf import highest

if TYPE_CHECKING:
    from .base import Provider

ProviderErrorStrategy: TypeAlias = Literal["warn", "raise"]

# How long a provider may take to list or find something, in seconds.
PATIENCE: Final = 10.0
# How long a list of several providers waits for one of them; for one that was never heard of, which
# may have to be started first; and for one that is known to be late.
GRACE: Final = 2.0
FIRST_GRACE: Final = 5.0
LATE_GRACE: Final = 0.1
# After a failure it is left alone for so long, and for longer after each further one.
FIRST_REST: Final = 1.0
LONGEST_REST: Final = 30.0
# For how many callers its last lists are kept.
CALLERS: Final = 256

logger: Final = logging.getLogger("fastmcp.server")


class Owner(Protocol):
    """Says what is to be done about failures, and hears of changes."""

    provider_error_strategy: ProviderErrorStrategy

    def changed(self, *features: Feature) -> None: ...

    async def open(self, provider: Provider) -> None: ...


class Guard:
    """Asks a provider. While it fails, what it last listed for the same caller stands in for it,
    and it is asked again only now and then; `failure` says what is wrong.
    """

    def __init__(self, provider: Provider, owner: Owner) -> None:
        self.provider = provider
        self.failure: str | None = None
        self._owner = owner
        self._failures = 0
        self._is_known = False
        self._is_late = False
        self._rest_until = 0.0
        self._edition = -1
        self._asking: dict[tuple[Kind, Any], asyncio.Future[Sequence[Any]]] = {}
        self._last: OrderedDict[tuple[Kind, Any], Sequence[Any]] = OrderedDict()

    def may_offer(self, kind: Kind) -> bool:
        """Whether there may be something of a kind."""
        return self.provider.has_to_list(kind) or bool(self.provider._all_fixed(kind))

    async def list(self, kind: Kind, patience: float) -> Sequence[Any]:
        """All that the provider offers of a kind. One that takes longer than `patience` is not
        waited for: its owner tells of a change when it is done.
        """
        provider = self.provider
        if not provider.has_to_list(kind):
            return provider._all_fixed(kind) or ()
        key = (kind, _caller())
        asking = self._asking.get(key)
        if asking is None or asking.get_loop() is not asyncio.get_running_loop():
            if self._rests():
                return self._remembered(key)
            asking = self._asking[key] = asyncio.ensure_future(self._list(kind, key))
            asking.add_done_callback(partial(self._asked, key))
        elif self.failure is not None and not self._raises:
            return self._remembered(key)
        patience = self._patience(patience)
        await asyncio.wait([asking], timeout=patience)
        if asking.cancelled():  # the server has ended
            return self._remembered(key)
        if asking.done():
            return asking.result()
        if not self._is_late:  # and left to it: what it is asked for by name is waited for
            self._is_late = True
            late = TimeoutError(f"not done after {patience:g} seconds")
            self._tell(f"list its {kind.noun}s", late)
        return self._remembered(key)

    def _patience(self, given: float) -> float:
        if self._is_late and not self._raises:
            return LATE_GRACE
        return max(given, FIRST_GRACE) if not self._is_known else given

    def stop(self) -> None:
        """Ask no longer for what is still being listed in this loop."""
        here = asyncio.get_running_loop()
        for asking in list(self._asking.values()):
            if asking.get_loop() is here:
                asking.cancel()

    def _asked(self, key: tuple[Kind, Any], asking: asyncio.Future[Sequence[Any]]) -> None:
        if self._asking.get(key) is asking:
            del self._asking[key]
        if not asking.cancelled():
            asking.exception()  # whoever asked may be gone

    async def _list(self, kind: Kind, key: tuple[Kind, Any]) -> Sequence[Any]:
        try:
            await self._owner.open(self.provider)
            async with asyncio.timeout(PATIENCE):
                items = kind.checked(await getattr(self.provider, kind.listing)())
        except AuthorizationError:
            return ()
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
        if self._rests() and provider._all_fixed(kind) is None:
            return _among(kind, self._remembered((kind, _caller())), address, version)
        try:
            await self._owner.open(provider)
            async with asyncio.timeout(PATIENCE):
                found = await getattr(provider, kind.getter)(address, as_spec(version))
            kind.checked(() if found is None else (found,))
        except InvalidParams:
            raise
        except (LookupError, AuthorizationError):
            return None  # not there, or not for this caller: nothing has failed
        except Exception as error:
            self._failed(f"find the {kind.noun} {address!r}", error)
            return _among(kind, self._remembered((kind, _caller())), address, version)
        if self.failure is not None:
            self._worked()
        return found

    @property
    def _raises(self) -> bool:
        return self._owner.provider_error_strategy == "raise"

    def _rests(self) -> bool:
        """Whether it is left alone: not when it has told of a change since. Where failures are to
        be raised, each one has to be seen.
        """
        if self.failure is None or self._raises or self.provider._edition != self._edition:
            return False
        return time.monotonic() < self._rest_until

    def _failed(self, what: str, error: Exception) -> None:
        self._is_known = True
        if not self._rests():  # those that were asked at the same time fail for one reason
            self._failures += 1
            rest = min(FIRST_REST * 2 ** min(self._failures - 1, 30), LONGEST_REST)
            self._rest_until = time.monotonic() + rest
            self._edition = self.provider._edition
        self._tell(what, error)

    def _tell(self, what: str, error: Exception) -> None:
        said = str(error) or type(error).__name__
        if isinstance(error, TimeoutError) and not str(error):
            said = f"it took longer than {PATIENCE:g} seconds"
        text = f"cannot {what}: {said}"
        level = logging.DEBUG if self.failure == text else logging.WARNING
        self.failure = text
        logger.log(level, "The provider %r %s", self.provider, text)
        if self._raises:
            raise error

    def _worked(self) -> None:
        if self.failure is not None:
            logger.warning("The provider %r works again", self.provider)
        self.failure, self._failures = None, 0
        self._is_known, self._is_late = True, False

    def _remember(self, key: tuple[Kind, Any], items: Sequence[Any]) -> None:
        if _comes_once():
            return
        self._last[key] = items
        self._last.move_to_end(key)
        if len(self._last) > CALLERS:
            self._last.popitem(last=False)

    def _remembered(self, key: tuple[Kind, Any]) -> Sequence[Any]:
        return self._last.get(key, ())


def _caller() -> Any:
    """Who asks, and in which session: what one is offered is not shown to another."""
    scope: Any = current_scope.get(None)
    exchange: Exchange | None = getattr(scope, "exchange", None)
    if exchange is None:
        return None  # the program itself
    principal = scope.principal
    if principal is not None and stands_alone(exchange):
        return (principal, None)
    return (principal, session_id_of(exchange))


def _comes_once() -> bool:
    """Whether nobody can tell that a later request is of the same caller."""
    scope: Any = current_scope.get(None)
    exchange: Exchange | None = getattr(scope, "exchange", None)
    return exchange is not None and scope.principal is None and stands_alone(exchange)


def _among(kind: Kind, items: Sequence[Any], address: str, version: VersionSpec | None) -> Any:
    if kind is TEMPLATES:
        from .base import first_matching

        return first_matching(items, address, version)
    return highest([item for item in items if item._address == address], version)
