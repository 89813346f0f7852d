// Shows a call as code, to be copied.

import { asCommand, asCurl, asPython } from './export.js';
import { button, copy, el, fill } from './dom.js';
import { state } from './state.js';

/** `schema` is that of a tool's arguments. */
export function exportDialog(method, name, args, schema = null) {
  const { target, protocol } = state.connection;
  if (!target) return;
  const ways = [
    ['Python', asPython(target, method, name, args)],
    ['fastmcp', asCommand(target, method, name, args)],
    ['curl', asCurl(target, protocol ?? '2025-11-25', method, name, args, schema)],
  ].filter(([, text]) => text);
  const code = el('pre.code', { tabIndex: 0 });
  const tabs = ways.map(([label, text], at) =>
    button(label, () => select(at), { role: 'tab', class: 'tab' }),
  );
  let shown = '';
  const select = (at) => {
    shown = ways[at][1];
    fill(code, shown);
    tabs.forEach((tab, number) => tab.setAttribute('aria-selected', number === at));
  };
  const dialog = el(
    'dialog.export',
    { 'aria-label': 'Export', on: { close: () => dialog.remove() } },
    el(
      'div.heading',
      {},
      el('h2', {}, name),
      button('×', () => dialog.close(), { class: 'icon', 'aria-label': 'Close' }),
    ),
    el('div.tabs', { role: 'tablist' }, tabs),
    code,
    el(
      'div.runbar',
      {},
      button('Copy', () => copy(shown), { class: 'primary' }),
      button('Close', () => dialog.close()),
    ),
  );
  document.body.append(dialog);
  select(0);
  dialog.showModal();
}
