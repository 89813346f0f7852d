// The calls of the past, kept in this browser for each server.

import { changed, state } from './state.js';

const MOST = 200;
const LONGEST = 20000;
const keyOf = () => `inspector.history.${state.connection.server?.name ?? ''}`;

export function past() {
  try {
    return JSON.parse(localStorage.getItem(keyOf())) ?? [];
  } catch {
    return [];
  }
}

/** Keep a call, once it is known what came of it. */
export function remember(call, method, name, args) {
  const key = keyOf();
  const entry = { at: call.begun, method, name, arguments: args };
  if (JSON.stringify(entry).length > LONGEST) return;
  call.done
    .then(
      (result) => (result?.isError ? 'tool error' : 'done'),
      (error) => (error.failure?.kind === 'Cancelled' ? 'cancelled' : 'failed'),
    )
    .then((outcome) => {
      let entries = [];
      try {
        entries = JSON.parse(localStorage.getItem(key)) ?? [];
      } catch {
        entries = [];
      }
      const all = [{ ...entry, outcome, took: call.took }, ...entries].slice(0, MOST);
      try {
        localStorage.setItem(key, JSON.stringify(all));
      } catch {
        localStorage.setItem(key, JSON.stringify(all.slice(0, 20)));
      }
      changed('history');
    });
}

export function forgetPast() {
  localStorage.removeItem(keyOf());
  changed('history');
}
