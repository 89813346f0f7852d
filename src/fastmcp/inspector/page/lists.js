// What the server lists: all pages of it, anew when the server says that it has changed.

import { ask } from './calls.js';
import { can, changed, isOpen, state } from './state.js';

const MOST_PAGES = 200;
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

async function load(name) {
  const [capability, method, member] = LISTS[name];
  const { number } = state.connection;
  const still = () => isOpen() && state.connection.number === number;
  const found = [];
  delete state.failures[name];
  state.loading.add(name);
  changed(name);
  try {
    let cursor;
    for (let page = 0; can(capability) && page < MOST_PAGES; page += 1) {
      const result = await ask(method, cursor ? { cursor } : {});
      found.push(...(result[member] ?? []));
      cursor = result.nextCursor;
      if (!cursor) break;
    }
  } catch (error) {
    if (error.failure?.code !== -32601) state.failures[name] = error.message;
  }
  if (!still()) return;
  state.lists[name] = found;
  state.loading.delete(name);
  changed(name);
}
