// A list with a filter, and the details of what is chosen in it.

import { button, el, fill } from '../dom.js';
import { isOpen, on, state } from '../state.js';
import { jsonView } from '../json_view.js';

// So many entries are in the document at once.
const MOST = 300;

/**
 * `groups()` gives `{ title, items, loading, failure }`; `label(item)` its `{ name, about, tags }`, `key(item)`
 * what tells it from others, `details(item)` its node.
 */
export function browser({ topics, label, title, groups, key, details, none, refresh }) {
  const filter = el('input', {
    type: 'search',
    placeholder: `Filter ${title.toLowerCase()}`,
    'aria-label': `Filter ${title.toLowerCase()}`,
    on: { input: () => showFrom(0) },
  });
  const rows = el('div.rows', { role: 'listbox', tabIndex: 0, 'aria-label': title });
  const pane = el('div.pane');
  const node = el(
    'div.browser',
    {},
    el(
      'div.side',
      {},
      el(
        'div.search',
        {},
        filter,
        button('⟳', refresh, { class: 'icon', title: 'List anew', 'aria-label': 'List anew' }),
      ),
      rows,
    ),
    pane,
  );
  let chosen = null;
  let shown = null;
  let first = 0; // of the entries, that is in the document

  function matching(items) {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return items.filter((item) => {
      const { name, about } = label(item);
      const text = `${name} ${about ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }
  function entry(item) {
    const { name, about, tags = [] } = label(item);
    return el(
      'div.entry',
      {
        role: 'option',
        'aria-selected': key(item) === chosen,
        id: `entry-${key(item)}`,
        data: { key: key(item) },
        on: { click: () => choose(item) },
      },
      el(
        'span.name',
        {},
        el('span.called', {}, name),
        tags.map((tag) => el('span.tag', {}, tag)),
      ),
      about && el('span.about', {}, about),
    );
  }
  const turn = (text, to) => button(text, () => showFrom(to), { class: 'quiet small turn' });
  function showFrom(at) {
    first = Math.max(0, at);
    list();
    rows.scrollTop = 0;
  }
  function list() {
    const found = groups().map((group) => ({ ...group, left: matching(group.items) }));
    const total = found.reduce((sum, { left }) => sum + left.length, 0);
    if (total <= first) first = 0; // there are fewer than before
    const parts = [];
    if (first > 0) parts.push(turn(`${first} before`, first - MOST));
    let any = false;
    let passed = 0;
    for (const { title: heading, items, left, loading, failure } of found) {
      if (heading && items.length)
        parts.push(el('h3', {}, heading, el('span.count', {}, left.length)));
      any ||= left.length > 0;
      const [from, to] = [first - passed, first - passed + MOST].map((at) => Math.max(0, at));
      for (const item of left.slice(from, to)) parts.push(entry(item));
      passed += left.length;
      if (failure) parts.push(el('p.banner.bad', {}, failure));
      if (loading && !items.length) parts.push(el('p.empty', {}, 'Listing…'), (any = true));
    }
    const after = total - first - MOST;
    if (after > 0) parts.push(turn(`${after} more`, first + MOST));
    if (!any)
      parts.push(
        el(
          'p.empty',
          {},
          filter.value ? 'Nothing matches.' : isOpen() ? none : 'No server is connected.',
        ),
      );
    fill(rows, parts);
    const active = chosen === null ? null : rows.querySelector('[aria-selected=true]');
    rows.setAttribute('aria-activedescendant', active?.id ?? '');
  }
  function all() {
    return groups().flatMap((group) => matching(group.items));
  }
  function choose(item) {
    chosen = key(item);
    const at = all().findIndex((each) => key(each) === chosen);
    if (at >= 0 && (at < first || at >= first + MOST)) first = Math.max(0, at - MOST / 2);
    list();
    rows.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
    paint(item);
  }
  function paint(item) {
    let made = null;
    try {
      made = details(item);
    } catch (error) {
      made = el(
        'article.detail',
        {},
        el('h2', {}, key(item)),
        el('p.banner.bad', {}, `This cannot be shown: ${error.message}`),
        jsonView(item, { depth: 4 }),
      );
    }
    shown = JSON.stringify(item);
    fill(pane, made);
    pane.scrollTop = 0;
  }
  rows.addEventListener('keydown', (event) => {
    const items = all();
    const at = items.findIndex((item) => key(item) === chosen);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || !items.length) return;
    event.preventDefault();
    choose(items[Math.max(0, Math.min(items.length - 1, to))]);
  });
  filter.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    event.preventDefault();
    const [first] = all();
    if (first) choose(first);
    rows.focus();
  });
  on(`${topics} connection`, () => {
    if (!node.isConnected) return;
    update();
  });
  function update() {
    list();
    const items = groups().flatMap((group) => group.items);
    const found = items.find((item) => key(item) === chosen);
    if (found && JSON.stringify(found) !== shown) paint(found);
    else if (!found) {
      if (chosen !== null && groups().some((group) => group.loading)) return; // it may be listed again
      chosen = null;
      fill(pane, el('p.empty.large', {}, hint(items)));
    }
  }
  const hint = (items) => {
    if (state.connection.status === 'connecting') return 'Connecting…';
    if (!isOpen()) return 'Connect to a server to see what it offers.';
    return items.length ? 'Choose one on the left.' : none;
  };
  return {
    node,
    update,
    choose,
    find: (name) =>
      groups()
        .flatMap((group) => group.items)
        .find((item) => key(item) === name),
  };
}
