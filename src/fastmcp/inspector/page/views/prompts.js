// Prompts: their arguments, completed by the server, and what they say.

import { browser } from './browser.js';
import { button, el } from '../dom.js';
import { callPanel } from './running.js';
import { completes } from '../completion.js';
import { exportDialog } from '../export_dialog.js';
import { state } from '../state.js';
import { jsonView } from '../json_view.js';
import { leadsTo } from '../go.js';
import { promptResult } from '../results.js';
import { reloadList } from '../lists.js';
import { remember } from '../history.js';
import { connected, request } from '../calls.js';
import { schemaForm } from '../schema/form.js';

export function promptsView(show) {
  let filled = null;
  const view = browser({
    topics: 'prompts',
    title: 'Prompts',
    none: 'This server has no prompts.',
    groups: () => [
      {
        items: state.lists.prompts,
        loading: state.loading.has('prompts'),
        failure: state.failures.prompts,
      },
    ],
    label: (prompt) => ({ name: prompt.name, about: prompt.title ?? prompt.description }),
    key: (prompt) => prompt.name,
    details: (prompt) => {
      const given = filled?.name === prompt.name ? filled.arguments : null;
      filled = null;
      return promptPane(prompt, given);
    },
    refresh: () => reloadList('prompts'),
  });
  leadsTo('prompt', (item) => {
    show();
    filled = item;
    const prompt = view.find(item.name);
    if (prompt) view.choose(prompt);
  });
  return view;
}

/** The schema of a prompt's arguments, which are all text. */
const schemaOf = (prompt) => ({
  type: 'object',
  properties: Object.fromEntries(
    (prompt.arguments ?? []).map(({ name, title, description }) => [
      name,
      { type: 'string', title, description },
    ]),
  ),
  required: (prompt.arguments ?? []).filter((each) => each.required).map((each) => each.name),
  additionalProperties: false,
});

function promptPane(prompt, given) {
  const panel = callPanel();
  let form = null;
  const completing = (input, path) => {
    const name = path.slice(1);
    completes(input, { type: 'ref/prompt', name: prompt.name }, name, () => {
      const { [name]: _, ...others } = form?.peek() ?? {};
      return others;
    });
  };
  form = schemaForm(schemaOf(prompt), { completing });
  if (given) form.write(given);
  function get() {
    const args = form.read();
    if (args === null || !connected()) return;
    const call = request('prompts/get', { name: prompt.name, arguments: args });
    panel.show(call, promptResult);
    remember(call, 'prompts/get', prompt.name, args);
  }
  const keys = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) get();
  };
  return el(
    'article.detail',
    { on: { keydown: keys } },
    el('header', {}, el('h2', {}, prompt.name), prompt.title && el('p.title', {}, prompt.title)),
    prompt.description && el('p.description', {}, prompt.description),
    form.node,
    el(
      'div.runbar',
      {},
      button('Get', get, { class: 'primary', title: 'Ctrl+Enter' }),
      button('Export', () => exportDialog('prompts/get', prompt.name, form.peek()), {
        class: 'quiet',
      }),
    ),
    panel.node,
    el('details.extra', {}, el('summary', {}, 'Definition'), jsonView(prompt, { depth: 3 })),
  );
}
