"""A server whose tools have interfaces: one of its own, and those that are ready made."""

from __future__ import annotations

from datetime import date
from enum import Enum

from pydantic import BaseModel, Field

from fastmcp import FastMCP
from fastmcp.apps import AppConfig, FastMCPApp, ResourceCSP, ResourcePermissions
from fastmcp.apps.approval import Approval
from fastmcp.apps.choice import Choice
from fastmcp.apps.file_upload import FileUpload
from fastmcp.apps.form import FormInput

PAGE = """<!doctype html>
<main></main>
<script type="module">
const answers = new Map();
const main = document.querySelector('main');
const line = (text) => {
  main.append(Object.assign(document.createElement('p'), { textContent: text }));
};
let last = 0;
const post = (message) => parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
const ask = (method, params) => new Promise((resolve) => {
  answers.set(++last, resolve);
  post({ id: last, method, params });
});
addEventListener('message', async ({ data }) => {
  if (data.id && !data.method) return answers.get(data.id)(data);
  if (data.method !== 'ui/notifications/tool-result') return;
  line(`counter is ${data.params.structuredContent.count}`);
  const added = await ask('tools/call', { name: 'add', arguments: { by: 3 } });
  line(`then ${added.result?.structuredContent.result}`);
  const entry = await ask('tools/call', { name: 'counter', arguments: {} });
  line(`entry: ${entry.error?.message}`);
  for (const [name, reach] of Object.entries({
    storage: () => localStorage.length,
    above: () => parent.document.title,
    network: () => fetch('https://shop.example/'),
  })) {
    try {
      await reach();
      line(`${name}: open`);
    } catch (error) {
      line(`${name}: closed`);
    }
  }
});
await ask('ui/initialize', {
  protocolVersion: '2026-01-26',
  appInfo: { name: 'counter', version: '1' },
  appCapabilities: {},
});
post({ method: 'ui/notifications/initialized' });
</script>
"""

app = FastMCPApp("counter")
count = 4


@app.ui("counter", app=AppConfig(resource_uri="ui://shop/counter.html"))
def show_counter() -> dict[str, int]:
    """Show the counter."""
    return {"count": count}


@app.tool
def add(by: int) -> int:
    """Count on."""
    global count
    count += by
    return count


@app.resource(
    "ui://shop/counter.html",
    app=AppConfig(
        csp=ResourceCSP(resource_domains=["https://cdn.example"]),
        permissions=ResourcePermissions(camera={}),
    ),
)
def counter_page() -> str:
    return PAGE


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Street(BaseModel):
    street: str
    number: int = Field(ge=1)


class Order(BaseModel):
    name: str = Field(min_length=2, description="Who orders")
    size: Size = Size.LARGE
    gift: bool = False
    wanted: date | None = None
    to: Street
    words: list[str] = []


def take(order: Order) -> str:
    """What is said to the model."""
    return f"Order of {order.name}, {order.size.value}, to {order.to.street} {order.to.number}"


mcp = FastMCP(
    "shop",
    providers=[
        app,
        Approval(approve_text="Ship it", approve_variant="success"),
        Choice(),
        FormInput(Order, on_submit=take, send_message=True),
        FileUpload(max_file_size=1000),
    ],
)
