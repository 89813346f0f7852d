// Choosing a server: its command or URL, how the client shows who it is, and what it offers.

import { act } from './api.js';
import { add, button, el, fill, unique } from './dom.js';
import { state } from './state.js';

const KEY = 'inspector.targets';
const MODES = {
  auto: 'Automatic',
  legacy: 'Handshake, newest',
  '2026-07-28': '2026-07-28',
  '2025-11-25': '2025-11-25',
  '2025-06-18': '2025-06-18',
  '2025-03-26': '2025-03-26',
  '2024-11-05': '2024-11-05',
};
const WAYS = { stdio: 'Command (stdio)', http: 'Streamable HTTP', sse: 'HTTP+SSE (2024-11-05)' };
const AUTH = { none: 'None', bearer: 'Bearer token', oauth: 'OAuth' };
const OFFERS = {
  elicitation: 'Elicitation',
  sampling: 'Sampling',
  roots: 'Roots',
  apps: 'MCP Apps',
};

const recent = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
};

/** Kept without what is secret. */
function keep(target) {
  const kept = {
    ...target,
    env: {},
    headers: {},
    auth: { kind: target.auth.kind, scopes: target.auth.scopes, clientId: target.auth.clientId },
  };
  const others = recent().filter(
    (each) => each.command !== target.command || each.url !== target.url,
  );
  localStorage.setItem(KEY, JSON.stringify([kept, ...others].slice(0, 8)));
}

export function connectDialog() {
  const now = state.connection.target ?? state.given ?? {};
  const offers = state.connection.offers ?? {};
  const text = (properties) =>
    el('input', { type: 'text', autocomplete: 'off', spellcheck: false, ...properties });
  const choice = (options, value) => {
    const made = el(
      'select',
      {},
      Object.entries(options).map(([key, label]) => el('option', { value: key }, label)),
    );
    made.value = value;
    return made;
  };
  const fields = {
    transport: choice(WAYS, now.transport ?? 'stdio'),
    command: text({ value: now.command ?? '', placeholder: 'python server.py', class: 'mono' }),
    cwd: text({ value: now.cwd ?? '', placeholder: 'this folder', class: 'mono' }),
    env: el('textarea.mono', {
      rows: 2,
      spellcheck: false,
      value: pairs(now.env, '='),
      placeholder: 'NAME=value',
    }),
    inherits: el('input', { type: 'checkbox', checked: now.inherits ?? false }),
    url: text({
      value: now.url ?? '',
      placeholder: 'http://127.0.0.1:8000/mcp',
      class: 'mono',
      type: 'url',
    }),
    headers: el('textarea.mono', {
      rows: 2,
      spellcheck: false,
      value: pairs(now.headers, ': '),
      placeholder: 'X-Name: value',
    }),
    auth: choice(AUTH, now.auth?.kind ?? 'none'),
    token: text({ value: now.auth?.token ?? '', type: 'password' }),
    scopes: text({ value: now.auth?.scopes ?? '', placeholder: 'as the server says' }),
    clientId: text({ value: now.auth?.clientId ?? '', placeholder: 'registers itself' }),
    clientSecret: text({ value: now.auth?.clientSecret ?? '', type: 'password' }),
    mode: choice(MODES, now.mode ?? 'auto'),
  };
  const offered = Object.entries(OFFERS).map(([name, label]) => {
    const input = el('input', { type: 'checkbox', checked: offers[name] ?? true });
    return { name, input, node: el('label.check', {}, input, label) };
  });
  const row = (label, field, when = () => true) => {
    field.id = unique('target');
    return {
      node: el(
        'div.field',
        {},
        el('div.label', {}, el('label.name', { htmlFor: field.id }, label)),
        field,
      ),
      when,
    };
  };
  const isProcess = () => fields.transport.value === 'stdio';
  const isWeb = () => !isProcess();
  const check = el(
    'label.check',
    {},
    fields.inherits,
    'With all variables of the shell that the inspector was started from',
  );
  const rows = [
    row('Reached by', fields.transport),
    row('Command', fields.command, isProcess),
    row('Folder', fields.cwd, isProcess),
    row('Variables', fields.env, isProcess),
    { node: check, when: isProcess },
    row('URL', fields.url, isWeb),
    row('Headers', fields.headers, isWeb),
    row('Authentication', fields.auth, isWeb),
    row('Token', fields.token, () => isWeb() && fields.auth.value === 'bearer'),
    row('Scopes', fields.scopes, () => isWeb() && fields.auth.value === 'oauth'),
    row('Client id', fields.clientId, () => isWeb() && fields.auth.value === 'oauth'),
    row('Client secret', fields.clientSecret, () => isWeb() && fields.auth.value === 'oauth'),
    row('Protocol', fields.mode),
  ];
  const shownRows = el('div.stack');
  const show = () =>
    fill(
      shownRows,
      rows.filter(({ when }) => when()).map(({ node }) => node),
    );
  fields.transport.addEventListener('change', show);
  fields.auth.addEventListener('change', show);
  show();
  const wrong = el('div.wrong', { role: 'alert' });

  async function connect(event) {
    event.preventDefault();
    fill(wrong);
    try {
      const target = read();
      await act('connect', {
        target,
        offers: Object.fromEntries(offered.map(({ name, input }) => [name, input.checked])),
      });
      keep(target);
      dialog.close();
    } catch (error) {
      fill(wrong, error.message);
    }
  }
  function read() {
    const value = (name) => fields[name].value.trim();
    const transport = value('transport');
    const same = now.command === value('command') && transport === now.transport;
    return {
      transport,
      mode: value('mode'),
      timeout: now.timeout ?? null,
      spec: same || (transport !== 'stdio' && now.url === value('url')) ? (now.spec ?? '') : '',
      command: value('command'),
      cwd: value('cwd'),
      env: unpaired(fields.env.value, '='),
      inherits: fields.inherits.checked,
      url: value('url'),
      headers: unpaired(fields.headers.value, ':'),
      auth: {
        kind: value('auth'),
        token: value('token'),
        scopes: value('scopes'),
        clientId: value('clientId'),
        clientSecret: value('clientSecret'),
      },
    };
  }
  const chosen = recent();
  const dialog = el(
    'dialog.connect',
    { 'aria-label': 'Connect', on: { close: () => dialog.remove() } },
    el(
      'form',
      { noValidate: true, on: { submit: connect } },
      el(
        'div.heading',
        {},
        el('h2', {}, 'Connect to a server'),
        button('×', () => dialog.close(), { class: 'icon', 'aria-label': 'Close' }),
      ),
      chosen.length > 0 &&
        el(
          'details.extra',
          {},
          el('summary', {}, 'Recent'),
          el(
            'div.recent',
            {},
            chosen.map((each) =>
              button(
                each.transport === 'stdio' ? each.command : each.url,
                () => {
                  for (const name of ['transport', 'command', 'cwd', 'url', 'mode'])
                    fields[name].value = each[name] ?? '';
                  fields.inherits.checked = each.inherits;
                  fields.auth.value = each.auth?.kind ?? 'none';
                  show();
                },
                { class: 'quiet small mono' },
              ),
            ),
          ),
        ),
      shownRows,
      el(
        'fieldset',
        {},
        el('legend', {}, 'This client offers'),
        offered.map((each) => each.node),
      ),
      wrong,
      el(
        'div.runbar',
        {},
        el('button.primary', { type: 'submit' }, 'Connect'),
        button('Cancel', () => dialog.close()),
      ),
    ),
  );
  add(document.body, dialog);
  dialog.showModal();
  (isProcess() ? fields.command : fields.url).focus();
}

const pairs = (members, between) =>
  Object.entries(members ?? {})
    .map(([name, value]) => `${name}${between}${value}`)
    .join('\n');

function unpaired(text, between) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(between);
      if (at < 1) throw new Error(`${line} is not NAME${between}value`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
