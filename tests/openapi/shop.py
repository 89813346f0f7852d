"""A FastAPI application with routes of every kind."""

from __future__ import annotations

import datetime
import enum
import logging
import uuid
from typing import Annotated, Any, Literal

from fastapi import (
    APIRouter,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    UploadFile,
)
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

logger = logging.getLogger(__name__)


class Size(enum.StrEnum):
    small = "small"
    large = "large"


class Maker(BaseModel):
    name: str
    country: str = "CH"


class Item(BaseModel):
    name: str = Field(min_length=1)
    price: float | None = None
    tags: list[str] = []
    maker: Maker | None = None
    size: Size = Size.small


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool


class Node(BaseModel):
    value: int
    children: list[Node] = []


class Filters(BaseModel):
    limit: int = 10
    order: Literal["asc", "desc"] = "asc"
    names: list[str] = []


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
router = APIRouter(prefix="/items", tags=["items"])
app = FastAPI(title="Shop", description="All kinds of routes", root_path="")


@router.get("/{item_id}")
def get_item(item_id: int, q: str | None = None, short: bool = False) -> dict[str, Any]:
    if item_id == 404:
        raise HTTPException(404, detail={"missing": item_id})
    return {"id": item_id, "q": q, "short": short}


@router.post("/", status_code=201)
def create_item(item: Item) -> Item:
    return item


@router.put("/{item_id}")
def replace_item(item_id: int, item: Item, notify: bool = False) -> dict[str, Any]:
    return {"id": item_id, "item": item, "notify": notify}


@router.patch("/{item_id}")
def change_item(item_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    return {"id": item_id, **changes}


@router.delete("/{item_id}", status_code=204)
def delete_item(item_id: int) -> None:
    return None


@router.get("/")
def list_items(
    ids: Annotated[list[int], Query(default_factory=list)],
    size: Size = Size.small,
) -> list[dict[str, Any]]:
    return [{"id": each, "size": size} for each in ids]


app.include_router(router)


@app.get("/files/{path:path}")
def read_file(path: str) -> dict[str, str]:
    return {"path": path}


@app.get("/filtered")
def filtered(filters: Annotated[Filters, Query()]) -> Filters:
    return filters


@app.get("/aliased")
def aliased(value: Annotated[str, Query(alias="item-value")]) -> str:
    return value


@app.get("/when")
def when(day: datetime.date, at: datetime.datetime | None = None) -> dict[str, Any]:
    return {"day": day, "at": at}


@app.get("/by-id/{key}")
def by_id(key: uuid.UUID) -> uuid.UUID:
    return key


@app.get("/headers")
def headers(
    x_token: Annotated[str, Header()], x_list: Annotated[list[str] | None, Header()] = None
) -> dict[str, Any]:
    return {"token": x_token, "list": x_list}


@app.get("/cookies")
def cookies(session: Annotated[str | None, Cookie()] = None) -> dict[str, Any]:
    return {"session": session}


@app.post("/form")
def form(name: Annotated[str, Form()], numbers: Annotated[list[int], Form()]) -> dict[str, Any]:
    return {"name": name, "numbers": numbers}


@app.post("/upload")
async def upload(file: UploadFile, note: Annotated[str, Form()] = "") -> dict[str, Any]:
    return {"size": len(await file.read()), "note": note}


@app.post("/uploads")
async def uploads(files: list[UploadFile]) -> list[int]:
    return [len(await file.read()) for file in files]


@app.post("/bytes")
def raw_bytes(file: Annotated[bytes, File()]) -> int:
    return len(file)


@app.post("/two")
def two_bodies(item: Item, maker: Maker, importance: Annotated[int, Body()]) -> dict[str, Any]:
    return {"item": item, "maker": maker, "importance": importance}


@app.post("/embedded")
def embedded(maker: Annotated[Maker, Body(embed=True)]) -> Maker:
    return maker


@app.post("/numbers")
def numbers(values: list[int]) -> int:
    return sum(values)


@app.post("/text-body")
def text_body(text: Annotated[str, Body(media_type="text/plain")]) -> str:
    return text


@app.post("/pets")
def add_pet(pet: Pet) -> Pet:
    return pet


@app.post("/tree")
def tree(node: Node) -> Node:
    return node


@app.get("/plain", response_class=PlainTextResponse)
def plain() -> str:
    return "plain é"


@app.get("/page", response_class=HTMLResponse)
def page() -> str:
    return "<p>page</p>"


@app.get("/picture", response_class=Response)
def picture() -> Response:
    return Response(b"\x89PNG\x00\xff", media_type="image/png")


@app.get("/stream")
def stream() -> StreamingResponse:
    return StreamingResponse((f"{n}\n" for n in range(3)), media_type="text/plain")


@app.get("/nothing")
def nothing() -> None:
    return None


@app.get("/number")
def number() -> float:
    return 1.5


@app.get("/redirect")
def redirect() -> Response:
    return Response(status_code=302, headers={"location": "/plain"})


@app.get("/crash")
def crash() -> str:
    raise RuntimeError("crash")


@app.get("/teapot")
def teapot() -> Response:
    return PlainTextResponse("short and stout", 418)


@app.get("/secret")
def secret(token: Annotated[Any, Depends(HTTPBearer())]) -> str:
    return token.credentials


@app.get("/seen")
def seen(request: Request) -> dict[str, Any]:
    return {"agent": request.headers.get("x-agent"), "incoming": request.headers.get("x-incoming")}


@app.options("/options")
def options() -> list[str]:
    return ["GET"]


@app.get("/versions", deprecated=True, tags=["old", "v1"])
def versions() -> list[str]:
    return []
