// An app's side of MCP Apps: it is framed by its host, and speaks to it by postMessage.
// https://github.com/modelcontextprotocol/ext-apps, specification of 2026-01-26.

const VERSION = '2026-01-26';
const stage = document.getElementById('app');
const waiting = new Map();
let asked = 0;
let context = {};

function post(message) {
  parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
}

function ask(method, params) {
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    post({ id: asked, method, params });
  });
}

/** Say something in the place of the person, which the model answers. */
const say = (text) => ask('ui/message', { role: 'user', content: [{ type: 'text', text }] });

/** Have the model know something from its next turn on; not every host can. */
const tell = (text) =>
  ask('ui/update-model-context', { content: [{ type: 'text', text }] }).catch(() => null);

/** The result of a tool of the server, by the name that the server gave. */
async function call(name, args) {
  const result = await ask('tools/call', { name, arguments: args });
  if (result.isError) throw new Error(textOf(result) || 'It failed');
  return result;
}

const textOf = (result) => (result.content ?? []).map((block) => block.text ?? '').join('\n');

function heed(changes) {
  context = { ...context, ...changes };
  if (context.theme) document.documentElement.style.colorScheme = context.theme;
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) {
    if (name.startsWith('--') && value) document.documentElement.style.setProperty(name, value);
  }
}

/** The name that a tool of this app has for the host, which may know all of them by others. */
function named(tool, data) {
  const mine = context.toolInfo?.tool?.name;
  const moved = mine && mine !== data.entry && mine.endsWith(data.entry);
  return moved ? mine.slice(0, -data.entry.length) + tool : tool;
}

/** Show what the tool that opened the app has given: `show(data)`. */
async function start(name, show) {
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || data?.jsonrpc !== '2.0') return;
    if (typeof data.method !== 'string') {
      const { resolve, reject } = waiting.get(data.id) ?? {};
      waiting.delete(data.id);
      if (data.error) reject?.(new Error(data.error.message));
      else resolve?.(data.result);
    } else if (data.id !== undefined) post({ id: data.id, result: {} });
    else if (data.method === 'ui/notifications/host-context-changed') heed(data.params);
    else if (data.method === 'ui/notifications/tool-result') {
      if (data.params.isError || !data.params.structuredContent)
        fill(stage, failure(textOf(data.params)));
      else show(data.params.structuredContent);
    } else if (data.method === 'ui/notifications/tool-cancelled')
      fill(stage, failure('This was cancelled.'));
  });
  const said = await ask('ui/initialize', {
    protocolVersion: VERSION,
    appInfo: { name, version: '1' },
    appCapabilities: {},
  });
  heed(said.hostContext ?? {});
  post({ method: 'ui/notifications/initialized', params: {} });
  new ResizeObserver(() => {
    const { width, height } = document.documentElement.getBoundingClientRect();
    post({
      method: 'ui/notifications/size-changed',
      params: { width: Math.ceil(width), height: Math.ceil(height) },
    });
  }).observe(document.documentElement);
}

/** An element; members of `on` hear events, and texts are only ever texts. */
function el(tag, { on = {}, ...members } = {}, ...children) {
  const node = Object.assign(document.createElement(tag), members);
  for (const [event, hear] of Object.entries(on)) node.addEventListener(event, hear);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const fill = (node, ...children) => node.replaceChildren(...children.flat());
const note = (text) => el('p', { className: 'note', role: 'status' }, text);
const failure = (text) => el('p', { className: 'failure', role: 'alert' }, text);
