// What the server lists: all pages of it, anew when the server says that it has changed.

import { ask } from './calls.js';
import { can, changed, isOpen, state } from './state.js';

const MOST_PAGES = 1000;
const LISTS = {
  tools: ['tools', 'tools/list', 'tools'],
  resources: ['resources', 'resources/list', 'resources'],
  templates: ['resources', 'resources/templates/list', 'resourceTemplates'],
  prompts: ['prompts', 'prompts/list', 'prompts'],
};

export function loadLists() {
  for (const name of Object.keys(LISTS)) load(name);
}

/** The list of that capability has changed. */
export function reloadList(capability) {
  for (const [name, [of]] of Object.entries(LISTS)) if (of === capability) load(name);
}

const listed = new Map(); // by list, the connection for which it is listed now
const again = new Set(); // lists that have changed since that began

async function load(name) {
  const { number } = state.connection;
  if (listed.get(name) === number) {
    again.add(name);
    return;
  }
  listed.set(name, number);
  again.delete(name);
  state.loading.add(name);
  changed(name);
  const [found, failure] = await pagesOf(...LISTS[name]);
  if (listed.get(name) !== number) return;
  listed.delete(name);
  if (!isOpen() || state.connection.number !== number) return;
  state.lists[name] = found;
  state.failures[name] = failure;
  state.loading.delete(name);
  changed(name);
  if (again.has(name)) load(name);
}

/** What a server lists, as far as it could be had, and why not all of it. */
async function pagesOf(capability, method, member) {
  const found = [];
  const cursors = new Set();
  try {
    let cursor;
    while (can(capability)) {
      const result = await ask(method, cursor ? { cursor } : {});
      for (const each of result[member] ?? []) found.push(each);
      cursor = result.nextCursor;
      if (!cursor) break;
      if (cursors.has(cursor)) throw new Error('This list has no end: its pages come again');
      cursors.add(cursor);
      if (cursors.size === MOST_PAGES) throw new Error(`Only its first ${MOST_PAGES} pages are listed`);
    }
  } catch (error) {
    if (error.failure?.code !== -32601) return [found, error.message];
  }
  return [found, null];
}
