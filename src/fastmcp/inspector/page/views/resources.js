// Resources and templates: reading them, and hearing when they change.

import { begin, connected, request } from '../calls.js';
import { browser } from './browser.js';
import { button, el, fill, tell } from '../dom.js';
import { callPanel } from './running.js';
import { clock } from '../units.js';
import { completes } from '../completion.js';
import { exportDialog } from '../export_dialog.js';
import { expand, variablesOf } from '../uri_template.js';
import { on, state } from '../state.js';
import { jsonView } from '../json_view.js';
import { leadsTo } from '../go.js';
import { reloadList } from '../lists.js';
import { remember } from '../history.js';
import { resourceResult } from '../results.js';

export function resourcesView(show) {
  let typed = null;
  const view = browser({
    topics: 'resources templates',
    title: 'Resources',
    none: 'This server has no resources.',
    groups: () => [
      { title: 'Elsewhere', items: typed ? [typed] : [] },
      {
        title: 'Resources',
        items: state.lists.resources,
        loading: state.loading.has('resources'),
        failure: state.failures.resources,
      },
      {
        title: 'Templates',
        items: state.lists.templates,
        loading: state.loading.has('templates'),
        failure: state.failures.templates,
      },
    ],
    label: (each) => ({
      name: each.title ?? each.name ?? each.uri,
      about: each.uri ?? each.uriTemplate,
      tags: [],
    }),
    key: (each) => each.uri ?? each.uriTemplate,
    details: (each) => (each.uriTemplate ? templatePane(each) : resourcePane(each)),
    refresh: () => reloadList('resources'),
  });
  leadsTo('resource', (uri) => {
    show();
    const known = state.lists.resources.find((each) => each.uri === uri);
    typed = known ? null : { uri, name: uri };
    view.choose(known ?? typed);
  });
  return view;
}

const heading = (each) => [
  el(
    'header',
    {},
    el('h2', {}, each.title ?? each.name ?? each.uri),
    el(
      'p',
      {},
      el('code', {}, each.uri ?? each.uriTemplate),
      each.mimeType && el('span.tag', {}, each.mimeType),
    ),
  ),
  each.description && el('p.description', {}, each.description),
];

const definition = (each) =>
  el('details.extra', {}, el('summary', {}, 'Definition'), jsonView(each, { depth: 3 }));

function reader(panel) {
  return (uri) => {
    if (!connected()) return;
    const call = request('resources/read', { uri });
    panel.show(call, resourceResult);
    remember(call, 'resources/read', uri, {});
  };
}

function resourcePane(resource) {
  const panel = callPanel();
  const read = reader(panel);
  return el(
    'article.detail',
    {},
    heading(resource),
    el(
      'div.runbar',
      {},
      button('Read', () => read(resource.uri), { class: 'primary' }),
      subscription(() => resource.uri),
      button('Export', () => exportDialog('resources/read', resource.uri, {}), { class: 'quiet' }),
    ),
    panel.node,
    definition(resource),
  );
}

function templatePane(template) {
  const panel = callPanel();
  const read = reader(panel);
  const inputs = new Map();
  const uri = el('code.expanded');
  const values = () =>
    Object.fromEntries(
      [...inputs].filter(([, input]) => input.value).map(([name, input]) => [name, input.value]),
    );
  const preview = () => (uri.textContent = expand(template.uriTemplate, values()));
  const fields = variablesOf(template.uriTemplate).map((name) => {
    const input = el('input', {
      id: `variable-${name}`,
      autocomplete: 'off',
      spellcheck: false,
      on: { input: preview, change: preview },
    });
    inputs.set(name, input);
    const slot = el('div', {}, input);
    completes(input, { type: 'ref/resource', uri: template.uriTemplate }, name, () => {
      const { [name]: _, ...others } = values();
      return others;
    });
    return el(
      'div.field',
      {},
      el('div.label', {}, el('label.name', { htmlFor: input.id }, name)),
      slot,
    );
  });
  preview();
  const keys = (event) =>
    event.key === 'Enter' &&
    !event.defaultPrevented &&
    event.target.tagName === 'INPUT' &&
    read(uri.textContent);
  return el(
    'article.detail',
    { on: { keydown: keys } },
    heading(template),
    el('div.fields', {}, fields),
    el('p.preview', {}, 'URI ', uri),
    el(
      'div.runbar',
      {},
      button('Read', () => read(uri.textContent), { class: 'primary' }),
      subscription(() => uri.textContent),
      button('Export', () => exportDialog('resources/read', uri.textContent, {}), {
        class: 'quiet',
      }),
    ),
    panel.node,
    definition(template),
  );
}

/** Subscribes to the resource, and says when it changed last. */
function subscription(uriOf) {
  if (!state.connection.capabilities?.resources?.subscribe) return null;
  const note = el('span.hint');
  const made = button('', async () => {
    const uri = uriOf();
    const before = state.subscribed.has(uri);
    try {
      await begin(before ? 'unsubscribe' : 'subscribe', { uri }, { quiet: true }).done;
      if (before) state.subscribed.delete(uri);
      else state.subscribed.add(uri);
    } catch (error) {
      tell(error.message);
    }
    update();
  });
  const update = () => {
    const uri = uriOf();
    made.textContent = state.subscribed.has(uri) ? 'Unsubscribe' : 'Subscribe';
    made.setAttribute('aria-pressed', state.subscribed.has(uri));
    fill(note, state.updated.has(uri) ? `Changed at ${clock(state.updated.get(uri))}` : null);
  };
  const node = el('span.subscription', {}, made, note);
  on('updated connection', update, node);
  update();
  return node;
}
