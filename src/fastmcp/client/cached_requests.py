"""Requests whose answers a server may allow to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fastmcp.wire.revisions import Revision

from .answers import Answers
from .conversation import Conversation
from .notices import Notices
from .results import read_result

if TYPE_CHECKING:
    from .caching.config import CacheConfig
    from .caching.entries import CacheMode
    from .caching.response_cache import ResponseCache

R = TypeVar("R")


class CachedRequests:
    """Asks, or gives what was answered before: only if `cache` is True or a `CacheConfig`."""

    def __init__(
        self,
        conversation: Conversation,
        answers: Answers,
        notices: Notices,
        cache: CacheConfig | bool | None,
        url: str | None,
    ) -> None:
        self._conversation = conversation
        self._answers = answers
        self._cache: ResponseCache | None = None
        if cache:
            from .caching.response_cache import response_cache

            self._cache = made = response_cache(cache, url, self._revision)
            assert made is not None
            notices.follow(made.take)

    def _revision(self) -> Revision | None:
        try:
            return self._conversation.agreement.revision
        except RuntimeError:
            return None

    async def read(
        self,
        result: type[R],
        method: str,
        params: Mapping[str, Any],
        mode: CacheMode,
        meta: Mapping[str, Any] | None = None,
    ) -> R:
        """The result of a request; what goes with a `meta` of its own is always asked."""
        ask = partial(self._conversation.request, method, params, meta=meta)
        if self._cache is None or meta is not None or not self._conversation.is_open:
            return read_result(result, await ask(), method)
        rounds = self._answers.rounds
        # What a user has answered meanwhile may be what the result depends on.
        raw = await self._cache.fetch(
            method, params, ask, mode, keeps=lambda: self._answers.rounds == rounds
        )
        return read_result(result, raw, method)

    async def close(self) -> None:
        """Wait for what is still being forgotten."""
        if self._cache is not None:
            await self._cache.close()
