// Messages: each a row, requests joined with their answers, and all that is to be known of one.

import { act } from './api.js';
import { bodyOf } from './inbox.js';
import { button, copy, el, fill } from './dom.js';
import { jsonView } from './json_view.js';
import { clock, duration, size } from './units.js';
import { on, state } from './state.js';
import { textOf } from './log_text.js';
import { VirtualList } from './virtual_list.js';

const KINDS = { all: 'All', request: 'Requests', notification: 'Notifications', error: 'Errors' };

export function timeline() {
  let shown = state.messages;
  let count = -1;
  const filter = el('input', {
    type: 'search',
    placeholder: 'Filter messages',
    'aria-label': 'Filter messages',
    on: { input: () => refresh(null, true) },
  });
  const kind = el(
    'select',
    { 'aria-label': 'Which messages', on: { change: () => refresh(null, true) } },
    Object.entries(KINDS).map(([value, text]) => el('option', { value }, text)),
  );
  const pinged = el('input', { type: 'checkbox', on: { change: () => refresh(null, true) } });
  const tools = [filter, kind, el('label.check', {}, pinged, 'Hide listings')];
  const details = el('div.details', { tabIndex: 0, 'aria-label': 'The message' });
  const list = new VirtualList({
    label: 'Messages',
    draw,
    choose: (message) => show(details, message, list),
  });
  const node = el('div.timeline', {}, list.node, details);
  list.node.id = 'messages';

  function wanted(message) {
    if (kind.value === 'error' && message.kind !== 'error' && !message.failure) return false;
    if (kind.value === 'request' && message.kind === 'notification') return false;
    if (kind.value === 'notification' && message.kind !== 'notification') return false;
    if (pinged.checked && /\/list$|^ping$|^server\/discover$/.test(message.method ?? ''))
      return false;
    const text = filter.value.trim().toLowerCase();
    return (
      !text ||
      (message.method ?? '').toLowerCase().includes(text) ||
      message.text.toLowerCase().includes(text)
    );
  }
  function refresh(item, anew) {
    const plain = !filter.value.trim() && kind.value === 'all' && !pinged.checked;
    if (plain) shown = state.messages;
    else if (anew || count !== state.messages.length) shown = state.messages.filter(wanted);
    count = state.messages.length;
    list.show(shown);
    if (!state.messages.includes(list.chosen)) {
      list.clear();
      fill(
        details,
        el(
          'p.empty',
          {},
          state.messages.length
            ? 'Choose a message to see all of it.'
            : 'Messages appear here as they pass.',
        ),
      );
    }
    if (item) {
      if (!shown.includes(item)) {
        filter.value = '';
        kind.value = 'all';
        pinged.checked = false;
        refresh();
      }
      list.reveal(item);
    }
  }
  on('messages', () => node.isConnected && refresh());
  return { node, tools, refresh };
}

function draw(row, message) {
  const sent = message.direction === 'sent';
  const bad = message.kind === 'error' || message.failure;
  row.className = `row message ${sent ? 'sent' : 'received'} ${message.kind}${bad ? ' bad' : ''}`;
  const state = message.hungUp
    ? 'given up'
    : message.failure
      ? 'failed'
      : message.kind === 'request' && !message.pair
        ? 'waits'
        : '';
  fill(
    row,
    el('span.time', {}, clock(message.at)),
    el('span.arrow', { title: sent ? 'To the server' : 'From the server' }, sent ? '→' : '←'),
    el('span.method', {}, message.method ?? (message.kind === 'unreadable' ? '(no message)' : '—')),
    el('span.what', {}, aim(message)),
    el('span.kind', {}, message.kind),
    el('span.took', {}, message.took === undefined ? state : duration(message.took)),
    el('span.size', {}, size(message.size)),
  );
}

/** What a message is about: the name of a tool, a URI, the level of a log. */
function aim(message) {
  if (message.size > 20000) return '';
  const body = bodyOf(message);
  const params = body?.params;
  if (message.method === 'notifications/message') return `${params?.level} ${textOf(params?.data)}`;
  if (params)
    return String(
      params.name ??
        params.uri ??
        params.level ??
        params.taskId ??
        params.ref?.name ??
        params.ref?.uri ??
        params.progress ??
        params.message ??
        '',
    );
  if (body?.error) return body.error.message ?? '';
  return message.pair && message.pair.size < 20000
    ? String(bodyOf(message.pair)?.params?.name ?? bodyOf(message.pair)?.params?.uri ?? '')
    : '';
}

function show(details, message, list) {
  const body = bodyOf(message);
  const other = message.pair;
  const facts = [
    [
      'When',
      `${new Date(message.at).toLocaleTimeString()} · ${message.direction === 'sent' ? 'to' : 'from'} the server`,
    ],
    ['Id', message.id ?? '—'],
    ['Size', size(message.size)],
    message.took !== undefined && ['Answered after', duration(message.took)],
    message.failure && ['Failed', message.failure.error.message],
    message.hungUp && ['Given up', 'by ending the stream of its answer'],
  ].filter(Boolean);
  fill(
    details,
    el(
      'div.heading',
      {},
      el('h3', {}, message.method ?? message.kind, ' ', el('span.tag', {}, message.kind)),
      message.call &&
        message.kind === 'request' &&
        !other &&
        !message.failure &&
        button('Cancel', () => act('cancel', { call: message.call }), { class: 'small' }),
      other &&
        button(
          message.kind === 'request' ? 'Its answer ↓' : 'Its request ↑',
          () => list.reveal(other),
          { class: 'quiet small' },
        ),
      button('Copy', () => copy(body ? JSON.stringify(body, null, 2) : message.text), {
        class: 'quiet small',
      }),
    ),
    el(
      'dl.facts',
      {},
      facts.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
    ),
    body ? jsonView(body, { depth: 4, copyable: false }) : el('pre', {}, message.text),
    message.size > message.text.length &&
      !body &&
      el('p.hint', {}, 'Of long messages only the beginning is shown.'),
    other && [
      el('h4', {}, message.kind === 'request' ? 'Its answer' : 'Its request'),
      jsonView(bodyOf(other), { depth: 3, copyable: false }),
    ],
    el('details.rawtext', {}, el('summary', {}, 'As it was sent'), el('pre', {}, message.text)),
  );
  details.scrollTop = 0;
}
