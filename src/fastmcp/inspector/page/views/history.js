// The calls of the past, to be looked at and made again.

import { button, el, fill } from '../dom.js';
import { duration } from '../units.js';
import { forgetPast, past } from '../history.js';
import { go } from '../go.js';
import { on } from '../state.js';

const PLACES = { 'tools/call': 'tool', 'prompts/get': 'prompt' };
const TONES = { done: 'good', failed: 'bad', 'tool error': 'bad', cancelled: '' };

export function historyView() {
  const rows = el('tbody');
  const empty = el(
    'p.empty.large',
    {},
    'What you call is kept here, in this browser, for each server.',
  );
  const table = el(
    'table',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        ['When', 'What', 'Arguments', 'Outcome', 'Took', ''].map((each) =>
          el('th', { scope: 'col' }, each),
        ),
      ),
    ),
    rows,
  );
  const clear = button('Forget all', forgetPast, { class: 'quiet small' });
  const node = el(
    'article.detail.wide',
    {},
    el('header.heading', {}, el('h2', {}, 'History'), clear),
    table,
    empty,
  );
  const again = (entry) =>
    entry.method === 'resources/read'
      ? go('resource', entry.name)
      : go(PLACES[entry.method], entry);
  function update() {
    const entries = past();
    table.hidden = clear.hidden = !entries.length;
    empty.hidden = entries.length > 0;
    fill(
      rows,
      entries.map((entry) =>
        el(
          'tr',
          {},
          el('td.time', {}, new Date(entry.at).toLocaleString()),
          el('td', {}, el('span.kind', {}, entry.method), ' ', el('strong', {}, entry.name)),
          el('td', {}, el('code.cut', {}, JSON.stringify(entry.arguments))),
          el('td', {}, el(`span.tag.${TONES[entry.outcome] || 'plain'}`, {}, entry.outcome)),
          el('td.time', {}, entry.took === undefined ? '' : duration(entry.took)),
          el(
            'td',
            {},
            button('Open', () => again(entry), { class: 'small' }),
          ),
        ),
      ),
    );
  }
  on('history connection', update);
  return { node, update };
}
