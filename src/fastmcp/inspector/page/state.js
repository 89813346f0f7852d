// What is known, and who wants to hear that something of it has changed.

const listeners = new Map();
const changes = new Set();
let planned = false;

/**
 * Call a function whenever one of these topics has changed. With an `owner` that ends once that
 * node was in the document and is no longer.
 */
export function on(topics, listener, owner = null) {
  const entry = { listener, owner, seen: false };
  for (const topic of topics.split(' ')) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(entry);
  }
}

function isOver(entry) {
  const there = entry.owner?.isConnected ?? false;
  const over = entry.seen && !there;
  entry.seen ||= there;
  return over;
}

/** Something of that topic has changed. Whoever listens hears of many changes once. */
export function changed(topic) {
  changes.add(topic);
  if (planned) return;
  planned = true;
  if (document.hidden) setTimeout(flush, 100);
  else requestAnimationFrame(flush);
}

/** One that fails hides nothing from the others. */
function heard(entry, topics) {
  try {
    entry.listener(topics);
  } catch (error) {
    console.error(error);
  }
}

function flush() {
  planned = false;
  const topics = [...changes];
  changes.clear();
  const called = new Set();
  for (const topic of topics) {
    for (const entry of listeners.get(topic) ?? []) {
      if (called.has(entry)) continue;
      called.add(entry);
      if (isOver(entry)) for (const all of listeners.values()) all.delete(entry);
      else heard(entry, topics);
    }
  }
}

/**
 * `messages` are in their order, each with its `pair` once there is one; `calls` are what this page
 * asked for, by their names.
 */
export const state = {
  connection: { status: 'closed' },
  given: null,
  watched: [],
  roots: [],
  level: '',
  lists: { tools: [], resources: [], templates: [], prompts: [] },
  loading: new Set(),
  failures: {},
  subscribed: new Set(),
  updated: new Map(),
  messages: [],
  logs: [],
  errors: [],
  output: [],
  questions: new Map(),
  calls: new Map(),
  tasks: new Map(),
};

export const isOpen = () => state.connection.status === 'open';
export const can = (capability) => Boolean(state.connection.capabilities?.[capability]);
export const isModern = () => (state.connection.protocol ?? '') >= '2026-07-28';

export const TASKS = 'io.modelcontextprotocol/tasks';
export const hasTasks = () =>
  Boolean(
    state.connection.capabilities?.tasks || state.connection.capabilities?.extensions?.[TASKS],
  );
