"""What the requests of the skills extension do. A skill is offered where its main file is listed: a
mount, a namespace, a rule of visibility or a middleware does to it what it does to that resource.
"""

from __future__ import annotations

from urllib.parse import unquote

from fastmcp._components.component import Component
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import InvalidParams, MethodNotFound
from fastmcp.server.auth.authorization import permitted
from fastmcp.server.context import Context
from fastmcp.server.handlers.lists import page_of
from fastmcp.wire.features import ListResourcesRequestParams
from fastmcp.wire.skills import (
    MAIN_FILE,
    GetSkillRequestParams,
    GetSkillResult,
    ListSkillsRequestParams,
    ListSkillsResult,
    ReadDirectoryRequestParams,
    ReadDirectoryResult,
    Skill,
)

from .publication import Publication
from .skill_resources import SkillResource


async def list_skills(context: Context, params: ListSkillsRequestParams) -> ListSkillsResult:
    found = await _published(context)
    page, following = page_of(params.cursor, context.fastmcp.list_page_size, list(found.items()))

    def entries() -> list[Skill]:
        made = [publication.entry(base) for base, publication in page]
        return [entry for entry in made if entry is not None]

    return ListSkillsResult(skills=await run_in_thread(entries), next_cursor=following)


async def get_skill(context: Context, params: GetSkillRequestParams) -> GetSkillResult:
    published = await _published(context)
    base = params.uri.removesuffix(MAIN_FILE)
    found = published.get(base) if base != params.uri else None
    entry = None if found is None else await run_in_thread(found.entry, base=base)
    if entry is None:
        raise InvalidParams(f"Unknown skill: {params.uri}", {"uri": params.uri})
    return GetSkillResult(skill=entry)


async def read_directory(
    context: Context, params: ReadDirectoryRequestParams
) -> ReadDirectoryResult:
    folder = params.uri.removesuffix("/") + "/"
    within = {k: v for k, v in (await _published(context)).items() if folder.startswith(k)}
    if within:
        base = max(within, key=len)
        path = unquote(folder[len(base) :]).removesuffix("/")
        children = await run_in_thread(within[base].children, base=base, folder=path)
        if children:
            page, following = page_of(params.cursor, context.fastmcp.list_page_size, children)
            return ReadDirectoryResult(resources=list(page), next_cursor=following)
    raise InvalidParams(f"There is no folder of a skill at {params.uri}", {"uri": params.uri})


async def _published(context: Context) -> dict[str, Publication]:
    """The skills that the caller sees, by the URIs of their folders.

    Raises:
        MethodNotFound: none are published at all.
    """
    server = context.fastmcp
    if not server._parts.sources.has_skills:
        method = context.exchange.method
        raise MethodNotFound(f"Method not found: {method}; this server publishes no skills")
    resources = await permitted(await context.catalogue.resources.list())
    if server._parts.surrounds("resources/list"):
        shown = await server._parts.chain("resources/list")(context, ListResourcesRequestParams())
        addresses = {component._address for component in shown}
        resources = [each for each in resources if each._address in addresses]
    found = [(_base(component), component.origins[-1]) for component in resources]
    return {
        base: origin.publication
        for base, origin in found
        if base and isinstance(origin, SkillResource) and origin.publication is not None
        if base.endswith(f"/{origin.publication.name}/")
    }


def _base(component: Component) -> str:
    """The URI of the folder of a main file; nothing for what was renamed so that it is none."""
    base = component._address.removesuffix(MAIN_FILE)
    return "" if base == component._address else base
