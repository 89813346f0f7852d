// What the server asks of the person: a form, a page to visit, a message of a model.

import { act } from './api.js';
import { blocks } from './results.js';
import { button, el, fill, tell, unique } from './dom.js';
import { parse } from './json.js';
import { jsonView } from './json_view.js';
import { on, state } from './state.js';
import { schemaForm } from './schema/form.js';

const MOST = 20;

export function mountQuestions(root) {
  const cards = new Map();
  const more = el('p.question.hint', { hidden: true });
  root.append(more);
  let back = null; // where the focus was before
  on('questions', () => {
    let lost = false;
    for (const [id, card] of cards) {
      if (state.questions.has(id)) continue;
      lost ||= card.contains(document.activeElement);
      card.remove();
      cards.delete(id);
    }
    let fresh = null;
    for (const question of [...state.questions.values()].slice(0, MOST)) {
      if (cards.has(question.id)) continue;
      fresh = el(
        'section.question',
        { role: 'group', tabIndex: -1, 'aria-label': TITLES[question.kind] },
        el('h2', {}, TITLES[question.kind]),
        made(question),
      );
      cards.set(question.id, fresh);
      more.before(fresh);
    }
    const { size } = state.questions;
    more.hidden = size <= MOST;
    fill(more, size > MOST && `${size - MOST} more wait behind these`);
    root.hidden = !size;
    document.title = size ? `(${size}) Inspector` : 'Inspector';
    const next = fresh ?? cards.values().next().value;
    if (lost && !next) back?.focus();
    else if (lost || (fresh && !writes)) {
      if (!lost && !root.contains(document.activeElement)) back = document.activeElement;
      (next.querySelector('input, textarea, select') ?? next).focus();
    }
  });
}

// What a person is about to write somewhere shall not go to a server that asks just then.
let writes = false;
for (const event of ['keydown', 'pointerdown'])
  addEventListener(
    event,
    ({ target, ctrlKey, metaKey }) =>
      (writes = !ctrlKey && !metaKey && target.matches?.('input, textarea, select')),
    { capture: true },
  );

/** What a question is answered with; one that cannot be shown can be declined. */
function made(question) {
  try {
    return MAKERS[question.kind](question);
  } catch (error) {
    return [
      el('p.banner.bad', {}, `This cannot be shown: ${error.message}`),
      jsonView(question.params, { depth: 3 }),
      button('Decline', () => answer(question, { action: 'decline', declined: true })),
    ];
  }
}

const TITLES = {
  elicitation: 'The server asks you',
  sampling: 'The server asks for a model',
  'sign-in': 'Sign in',
};

async function answer(question, given) {
  try {
    await act('answer', { id: question.id, answer: given });
  } catch (error) {
    tell(error.message);
  }
}

const MAKERS = {
  elicitation(question) {
    const { message, requestedSchema, url, mode } = question.params;
    if (mode === 'url' || (url && !requestedSchema)) return visit(question, message, url);
    const form = schemaForm(requestedSchema ?? { type: 'object', properties: {} });
    return [
      el('p.message', {}, message),
      form.node,
      el(
        'div.runbar',
        {},
        button(
          'Accept',
          () => {
            const content = form.read();
            if (content !== null) answer(question, { action: 'accept', content });
          },
          { class: 'primary' },
        ),
        ...refusals(question),
      ),
    ];
  },

  sampling(question) {
    const { messages, ...params } = question.params;
    const text = el('textarea', {
      rows: 5,
      'aria-label': 'The answer',
      placeholder: 'What the model would say',
    });
    const model = el('input', { value: 'inspector', 'aria-label': 'Name of the model' });
    const raw = el('textarea.mono', {
      rows: 6,
      spellcheck: false,
      'aria-label': 'The whole result as JSON',
      hidden: true,
    });
    const wrong = el('div.wrong', { role: 'alert' });
    const called = toolChoice(params.tools, text);
    const result = () => {
      const calls = called.read();
      return {
        role: 'assistant',
        model: model.value || 'inspector',
        stopReason: calls ? 'toolUse' : 'endTurn',
        content: calls ?? { type: 'text', text: text.value },
      };
    };
    const swap = button(
      'As JSON',
      () => {
        if (raw.hidden) raw.value = JSON.stringify(result(), null, 2);
        raw.hidden = !raw.hidden;
        plain.hidden = !raw.hidden;
        swap.textContent = raw.hidden ? 'As JSON' : 'As text';
      },
      { class: 'quiet small' },
    );
    const plain = el('div.stack', {}, called.node, text);
    return [
      params.systemPrompt &&
        el(
          'div.bubble.system',
          {},
          el('h4', {}, 'system'),
          el('pre.plain', {}, params.systemPrompt),
        ),
      messages.map((each) =>
        el(
          `div.bubble.${each.role === 'user' ? 'user' : 'assistant'}`,
          {},
          el('h4', {}, each.role),
          blocks(each.content),
        ),
      ),
      el('details.extra', {}, el('summary', {}, 'Parameters'), jsonView(params, { depth: 2 })),
      el('label.field', {}, el('span.name', {}, 'Model'), model),
      plain,
      raw,
      wrong,
      el(
        'div.runbar',
        {},
        button(
          'Answer',
          () => {
            try {
              answer(question, { result: raw.hidden ? result() : parse(raw.value) });
            } catch (error) {
              fill(wrong, `Has to be JSON: ${error.message}`);
            }
          },
          { class: 'primary' },
        ),
        button('Decline', () => answer(question, { declined: true })),
        swap,
      ),
    ];
  },

  'sign-in': (question) =>
    visit(
      question,
      'The server wants to know who you are. You are led back here by yourself.',
      question.params.url,
      true,
    ),
};

/**
 * The tools that a model may call, one of which can be called in place of a `text`; `read()` is the
 * content that does so, or null.
 */
function toolChoice(tools, text) {
  if (!Array.isArray(tools) || !tools.length) return { node: null, read: () => null };
  const body = el('div');
  let form = null;
  const select = el(
    'select',
    {},
    el('option', { value: -1 }, 'a text'),
    tools.map(({ name }, at) => el('option', { value: at }, `a call of ${name}`)),
  );
  select.addEventListener('change', () => {
    const tool = tools[select.value];
    form = tool ? schemaForm(tool.inputSchema) : null;
    text.hidden = form !== null;
    fill(body, form?.node);
  });
  return {
    node: [el('label.field', {}, el('span.name', {}, 'It answers with'), select), body],
    read() {
      if (form === null) return null;
      const { name } = tools[select.value];
      return [{ type: 'tool_use', id: unique('call'), name, input: form.peek() }];
    },
  };
}

const refusals = (question) => [
  button('Decline', () => answer(question, { action: 'decline' })),
  button('Cancel', () => answer(question, { action: 'cancel' })),
];

/** A page that the person shall visit; only those of http(s) can be opened, by a click of theirs. */
function visit(question, message, url, signsIn = false) {
  let found = null;
  try {
    found = new URL(url);
  } catch {
    found = null;
  }
  const allowed = found !== null && ['http:', 'https:'].includes(found.protocol);
  return [
    el('p.message', {}, message),
    allowed
      ? el('p', {}, 'It leads to ', el('strong', {}, found.host))
      : el('p.banner.bad', {}, 'This is not opened: it is no URL of http or https.'),
    el('pre.plain.url', {}, url),
    el(
      'div.runbar',
      {},
      allowed &&
        el(
          'a.button.primary',
          { href: found.href, target: '_blank', rel: 'noopener noreferrer' },
          'Open the page',
        ),
      ...(signsIn
        ? [button('Cancel', () => answer(question, null))]
        : [button('Accept', () => answer(question, { action: 'accept' })), ...refusals(question)]),
    ),
  ];
}
