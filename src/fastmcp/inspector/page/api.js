// What the page asks of the inspector, and the stream of what happens.

import { parse } from './json.js';

const KEY = 'inspector.key';
const params = new URLSearchParams(location.hash.slice(1));
let key = null;

/** What the link asked for: the place to begin at, and whether the dock is folded. */
export const wanted = { place: params.get('view'), folded: params.get('dock') === 'folded' };

/** Exchange the link's token for the key of all that follows; whether there is one. */
export async function enter() {
  const token = params.get('token');
  if (token) {
    history.replaceState(null, '', location.pathname);
    const answer = await fetch('/api/enter', { method: 'POST', body: JSON.stringify({ token }) });
    if (answer.ok) localStorage.setItem(KEY, (await answer.json()).key);
  }
  key = localStorage.getItem(KEY);
  return key !== null;
}

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Ask for an action; what it is answered at once. */
export async function act(action, body = {}) {
  const answer = await fetch(`/api/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  return answer.json();
}

/**
 * Hear what happened after the event of that number, and what happens: `hear(event, members)`.
 * Ends when the stream does.
 */
export async function listen(after, hear) {
  const answer = await fetch(`/api/events?after=${after}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let pieces = []; // of an event whose end has not come
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const cut = pieces.at(-1)?.endsWith('\n') && value.startsWith('\n');
    if (!cut && !value.includes('\n\n')) {
      pieces.push(value);
      continue;
    }
    const events = (pieces.join('') + value).split('\n\n');
    pieces = [events.pop()];
    for (const event of events) take(event, hear);
  }
}

function take(text, hear) {
  const name = text.match(/^event: (.*)$/m);
  const data = text.indexOf('data: ');
  if (name && data >= 0) hear(name[1], parse(text.slice(data + 6)));
}
