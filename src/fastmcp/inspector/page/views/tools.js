// Tools: what they take, and calling them.

import { button, el } from '../dom.js';
import { browser } from './browser.js';
import { callPanel } from './running.js';
import { appPanel, resourceOf } from './app_panel.js';
import { exportDialog } from '../export_dialog.js';
import { hasTasks, state } from '../state.js';
import { jsonView } from '../json_view.js';
import { leadsTo } from '../go.js';
import { reloadList } from '../lists.js';
import { remember } from '../history.js';
import { connected, request } from '../calls.js';
import { schemaForm } from '../schema/form.js';
import { toolResult } from '../results.js';

const HINTS = {
  readOnlyHint: ['read-only', 'may change things'],
  destructiveHint: ['destructive', 'not destructive'],
  idempotentHint: ['idempotent', null],
  openWorldHint: ['open world', 'closed world'],
};

const ALL = { title: 'Tools', none: 'This server has no tools.', isMeant: () => true };
const APPS = { title: 'Apps', none: 'No tool of this server has an interface.', isMeant: isApp };

/** Whether a tool opens an interface. */
export function isApp(tool) {
  return resourceOf(tool) !== null;
}

/** The tools that open an interface. */
export const appsView = (show) => toolsView(show, APPS);

export function toolsView(show, { title, none, isMeant } = ALL) {
  let filled = null; // what the form shall have in it
  const forms = new Map(); // those that something was written into, by their tools
  const view = browser({
    topics: 'tools',
    title,
    none,
    groups: () => [
      {
        items: state.lists.tools.filter(isMeant),
        loading: state.loading.has('tools'),
        failure: state.failures.tools,
      },
    ],
    label: (tool) => ({
      name: tool.name,
      about: tool.title ?? tool.annotations?.title ?? firstLine(tool.description),
      tags: isApp(tool) ? ['app'] : [],
    }),
    key: (tool) => tool.name,
    details: (tool) => {
      const form = schemaForm(tool.inputSchema, { change: () => forms.set(tool.name, form) });
      if (filled?.name === tool.name) form.write(filled.arguments);
      else if (forms.has(tool.name)) form.write(forms.get(tool.name).peek());
      filled = null;
      return toolPane(tool, form);
    },
    refresh: () => reloadList('tools'),
  });
  if (isMeant !== isApp) leadsTo('tool', (item) => {
    show();
    filled = item;
    const tool = view.find(item.name);
    if (tool) view.choose(tool);
  });
  return view;
}

const firstLine = (text) => (text ?? '').trim().split('\n')[0];

function toolPane(tool, form) {
  const panel = callPanel();
  const app = isApp(tool) ? appPanel(tool) : null;
  const support = tool.execution?.taskSupport;
  const asTask = el('input', { type: 'checkbox', checked: support === 'required' });
  const unchecked = el('input', { type: 'checkbox' });
  const timeout = el('input.short', {
    type: 'text',
    inputMode: 'decimal',
    'aria-label': 'Timeout in seconds',
    placeholder: 'none',
  });

  function run() {
    const args = form.read({ checked: !unchecked.checked });
    if (args === null || !connected()) return;
    const call = request(
      'tools/call',
      { name: tool.name, arguments: args },
      { asTask: asTask.checked, timeout: Number(timeout.value) || null },
    );
    panel.show(call, (result) => toolResult(result, tool.outputSchema));
    app?.run(args, call);
    remember(call, 'tools/call', tool.name, args);
  }
  const keys = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    }
  };
  return el(
    'article.detail',
    { on: { keydown: keys } },
    el(
      'header',
      {},
      el('h2', {}, tool.name),
      tool.title && tool.title !== tool.name && el('p.title', {}, tool.title),
      hints(tool),
    ),
    tool.description && el('p.description', {}, tool.description),
    form.node,
    el(
      'div.runbar',
      {},
      button('Run', run, { class: 'primary', title: 'Ctrl+Enter' }),
      button('Export', () => exportDialog('tools/call', tool.name, form.peek(), tool.inputSchema), {
        class: 'quiet',
      }),
      el(
        'details.options',
        {},
        el('summary', {}, 'Options'),
        el(
          'div',
          {},
          (hasTasks() || support) &&
            support !== 'forbidden' &&
            el('label.check', {}, asTask, 'Run as a task'),
          el('label.check', {}, unchecked, 'Send what does not fit the schema, too'),
          el('label.check', {}, 'Timeout', timeout, 's'),
        ),
      ),
    ),
    app?.node,
    panel.node,
    el('details.extra', {}, el('summary', {}, 'Definition'), jsonView(tool, { depth: 3 })),
  );
}

function hints(tool) {
  const known = Object.entries(HINTS)
    .map(([key, [yes, no]]) =>
      tool.annotations?.[key] === undefined ? null : tool.annotations[key] ? yes : no,
    )
    .filter(Boolean);
  const others = [
    tool.execution?.taskSupport && `task: ${tool.execution.taskSupport}`,
    tool.outputSchema && 'structured output',
    ...(tool._meta?.fastmcp?.tags ?? []),
  ].filter(Boolean);
  return (
    known.length + others.length > 0 &&
    el(
      'p.tags',
      {},
      [...known, ...others].map((each) => el('span.tag', {}, each)),
    )
  );
}
