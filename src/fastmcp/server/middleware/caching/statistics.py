"""How often the cache was asked, and had the answer."""

from __future__ import annotations

from msgspec import Struct, field


class PutStatistics(Struct):
    """How often something was kept."""

    count: int = 0


class GetStatistics(Struct):
    """How often something was looked for, and whether it was there."""

    count: int = 0
    hit: int = 0
    miss: int = 0

    def tell(self, found: bool) -> None:
        """Count one."""
        self.count += 1
        if found:
            self.hit += 1
        else:
            self.miss += 1


class KVStoreCollectionStatistics(Struct):
    """What happened for one method."""

    get: GetStatistics = field(default_factory=GetStatistics)
    put: PutStatistics = field(default_factory=PutStatistics)


class ResponseCachingStatistics(Struct):
    """What happened, by method; None for one that was not asked for."""

    list_tools: KVStoreCollectionStatistics | None = None
    list_resources: KVStoreCollectionStatistics | None = None
    list_prompts: KVStoreCollectionStatistics | None = None
    read_resource: KVStoreCollectionStatistics | None = None
    get_prompt: KVStoreCollectionStatistics | None = None
    call_tool: KVStoreCollectionStatistics | None = None
