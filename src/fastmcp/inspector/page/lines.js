// The lists of the dock that are lines: logs, errors, and the output of the server's process.

import { el, fill, tell } from './dom.js';
import { begin } from './calls.js';
import { changed, isOpen, on, state } from './state.js';
import { clock } from './units.js';
import { textOf } from './log_text.js';
import { jsonView } from './json_view.js';
import { VirtualList } from './virtual_list.js';
import { go } from './go.js';

export const LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

export function logsPanel() {
  const least = el(
    'select',
    { 'aria-label': 'Show logs from this level', on: { change: () => refresh() } },
    LEVELS.map((level) => el('option', { value: level }, `show ${level}`)),
  );
  const asked = levelSelect();
  return linesPanel({
    topic: 'logs',
    label: 'Logs',
    empty: 'What the server logs to its client appears here.',
    tools: [el('label.check', {}, 'Server sends', asked), least],
    items: () =>
      least.value === 'debug'
        ? state.logs
        : state.logs.filter((log) => LEVELS.indexOf(log.level) >= LEVELS.indexOf(least.value)),
    draw: (row, log) => {
      row.className = `row line level-${log.level}`;
      fill(
        row,
        el('span.time', {}, clock(log.at)),
        el('span.level', {}, log.level),
        el('span.text', {}, log.logger ? `${log.logger}: ` : '', textOf(log.data)),
      );
    },
    more: (log) => [
      el('h3', {}, log.level, ' ', el('span.tag', {}, log.logger ?? 'log')),
      typeof log.data === 'string' ? el('pre', {}, log.data) : jsonView(log.data, { depth: 4 }),
    ],
    onRefresh: (panel) => (refresh = panel),
  });
}
let refresh = () => {};

/** Says from which level on the server shall send its logs. */
function levelSelect() {
  const made = el(
    'select',
    { 'aria-label': 'Level of logs that the server sends' },
    el('option', { value: '' }, 'its default'),
    LEVELS.map((level) => el('option', { value: level }, level)),
  );
  made.addEventListener('change', async () => {
    if (!made.value) return;
    state.level = made.value;
    try {
      await begin('level', { level: made.value }, { quiet: true }).done;
      tell(`The server sends logs from ${made.value} on`);
    } catch (error) {
      tell(error.message);
    }
  });
  on('connection', () => {
    made.disabled = !isOpen();
    made.value = state.level;
  });
  return made;
}

export function errorsPanel() {
  return linesPanel({
    topic: 'errors',
    label: 'Errors',
    empty: 'Nothing has gone wrong.',
    items: () => state.errors,
    draw: (row, error) => {
      row.className = 'row line bad';
      fill(
        row,
        el('span.time', {}, clock(error.at)),
        el('span.level', {}, error.what),
        el('span.text', {}, error.text),
      );
    },
    more: (error) => [
      el('h3', {}, error.what),
      el('pre', {}, error.text),
      error.failure && jsonView(error.failure, { depth: 3 }),
      error.message &&
        el(
          'button',
          { type: 'button', class: 'small', on: { click: () => go('messages', error.message) } },
          'Show the message',
        ),
    ],
  });
}

export function outputPanel() {
  return linesPanel({
    topic: 'output',
    label: 'Server output',
    empty: 'What the process of a server writes to its standard error appears here.',
    items: () => state.output,
    draw: (row, line) => {
      row.className = `row line${line.ours ? ' ours' : ''}`;
      fill(row, el('span.time', {}, clock(line.at)), el('span.text.mono', {}, line.line));
    },
    more: (line) => el('pre', {}, line.line),
  });
}

function linesPanel({ topic, label, empty, tools = [], items, draw, more, onRefresh }) {
  const details = el('div.details', { tabIndex: 0, 'aria-label': 'The line' });
  const list = new VirtualList({ label, draw, choose: (item) => fill(details, more(item)) });
  list.node.id = topic;
  const node = el('div.timeline', {}, list.node, details);
  const update = () => {
    list.show(items());
    if (!state[topic].includes(list.chosen)) {
      list.clear();
      fill(
        details,
        el('p.empty', {}, state[topic].length ? 'Choose a line to see all of it.' : empty),
      );
    }
  };
  on(topic, () => node.isConnected && update());
  onRefresh?.(update);
  changed(topic);
  return { node, tools, refresh: update };
}
