"""StatefulProxyClient: a session behind a proxy for each session in front of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final, Self

from fastmcp._runtime.session import Session

from ...context import Context
from .errand import party_of
from .proxy_client import ProxyClient

# How many may be kept of those whose end nobody tells; the least recently used end for others.
MOST: Final = 512


class StatefulProxyClient(ProxyClient):
    """Its `new_stateful` is the client factory of a proxy to a server that keeps something for each
    session, such as a browser: whoever is connected to the proxy has a session there, too, which
    ends with theirs.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._by_party: OrderedDict[Any, Self] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()

    def new(self) -> Self:
        twin = super().new()
        twin._by_party, twin._ending = OrderedDict(), set()
        return twin

    async def __aexit__(self, *_: object) -> None:
        """Nothing: what is open stays so until the session in front ends."""

    def new_stateful(self) -> Self:
        """The client of the session in front whose request is being served.

        Raises:
            RuntimeError: no request is, or it stands alone.
        """
        front = Context.current_or_none()
        if front is None:
            raise RuntimeError(
                "new_stateful() gives the client of a request, and none is being served: as "
                "client_factory= give the method itself, without ()"
            )
        exchange = front.exchange
        # A modern client over HTTP names its session, and does not say when that ends.
        peer = exchange.peer
        party: Any = peer if isinstance(peer, Session) else party_of(exchange)
        if party is None:
            raise RuntimeError(
                "This request stands alone, so that no session can be kept for it: a stateful "
                "proxy needs clients with sessions, and not stateless_http=True"
            )
        client = self._by_party.get(party)
        if client is None:
            client = self._by_party[party] = self.new()
            if isinstance(party, Session):
                party.when_closed(lambda: self._end(party))
            elif len(self._by_party) > MOST:
                self._end(next(iter(self._by_party)))
        self._by_party.move_to_end(party)
        return client

    def _end(self, party: Any) -> None:
        client = self._by_party.pop(party, None)
        if client is not None:
            task = asyncio.get_running_loop().create_task(client.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def clear(self) -> None:
        """End all sessions behind."""
        clients = list(self._by_party.values())
        self._by_party.clear()
        for client in clients:
            await client.close()
        if self._ending:
            await asyncio.wait(self._ending)
