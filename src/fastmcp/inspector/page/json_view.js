// JSON as a tree whose parts open and close. Parts are made when they are opened.

import { addPieces, button, copy, el } from './dom.js';

const KINDS = { number: 'number', bigint: 'number', boolean: 'boolean', undefined: 'null' };
const LONGEST = 20000;

/** A tree of a value, open down to a `depth`. */
export function jsonView(value, { depth = 2, copyable = true } = {}) {
  const tree = el('div.json', {}, part(value, null, depth));
  if (!copyable) return tree;
  return el(
    'div.copyable',
    {},
    tree,
    button('Copy', () => copy(JSON.stringify(value, null, 2)), { class: 'quiet small copy' }),
  );
}

function part(value, name, depth) {
  const label =
    name === null ? null : el('span.key', {}, typeof name === 'number' ? String(name) : name);
  if (value === null || typeof value !== 'object') {
    return el('div.leaf', {}, label, label ? ': ' : null, scalar(value));
  }
  const entries = Array.isArray(value)
    ? value.map((each, at) => [at, each])
    : Object.entries(value);
  const [begin, end] = Array.isArray(value) ? '[]' : '{}';
  if (!entries.length)
    return el('div.leaf', {}, label, label ? ': ' : null, el('span.mark', {}, begin + end));
  const body = el('div.body');
  const summary = el(
    'summary',
    {},
    label,
    label ? ': ' : null,
    el('span.mark', {}, begin),
    el('span.hint', {}, hint(value, entries)),
    el('span.mark.end', {}, end),
  );
  const node = el('details', { open: depth > 0 }, summary, body);
  const build = () => {
    if (!body.childElementCount)
      addPieces(body, entries, ([key, each]) => part(each, key, depth - 1));
  };
  if (depth > 0) build();
  node.addEventListener('toggle', () => node.open && build());
  return node;
}

const hint = (value, entries) => {
  if (Array.isArray(value)) return ` ${entries.length} ${entries.length === 1 ? 'item' : 'items'} `;
  const names = entries
    .slice(0, 4)
    .map(([name]) => name)
    .join(', ');
  return ` ${names.length > 60 ? `${names.slice(0, 60)}…` : names}${entries.length > 4 ? ', …' : ''} `;
};

function scalar(value) {
  if (typeof value !== 'string')
    return el(`span.${value === null ? 'null' : KINDS[typeof value]}`, {}, String(value));
  const text = JSON.stringify(value);
  if (text.length <= LONGEST) return el('span.string', {}, text);
  const node = el('span.string', {}, `${text.slice(0, LONGEST)}…`);
  return el(
    'span',
    {},
    node,
    button(
      `Show all ${value.length} characters`,
      (event) => {
        node.textContent = text;
        event.target.remove();
      },
      { class: 'quiet small' },
    ),
  );
}
