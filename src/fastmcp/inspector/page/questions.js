// What the server asks of the person: a form, a page to visit, a message of a model.

import { act } from './api.js';
import { blocks } from './results.js';
import { button, el, fill, tell } from './dom.js';
import { jsonView } from './json_view.js';
import { on, state } from './state.js';
import { schemaForm } from './schema/form.js';

export function mountQuestions(root) {
  const cards = new Map();
  on('questions', () => {
    for (const [id, card] of cards) {
      if (state.questions.has(id)) continue;
      card.remove();
      cards.delete(id);
    }
    let fresh = null;
    for (const question of state.questions.values()) {
      if (cards.has(question.id)) continue;
      const card = el(
        'section.question',
        { role: 'group', tabIndex: -1, 'aria-label': TITLES[question.kind] },
        el('h2', {}, TITLES[question.kind]),
        MAKERS[question.kind](question),
      );
      cards.set(question.id, card);
      root.append(card);
      fresh = card;
    }
    root.hidden = !cards.size;
    document.title = cards.size ? `(${cards.size}) Inspector` : 'Inspector';
    if (fresh) (fresh.querySelector('input, textarea, select, button') ?? fresh).focus();
  });
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
    const result = () => ({
      role: 'assistant',
      model: model.value || 'inspector',
      stopReason: 'endTurn',
      content: { type: 'text', text: text.value },
    });
    const swap = button(
      'As JSON',
      () => {
        if (raw.hidden) raw.value = JSON.stringify(result(), null, 2);
        [raw.hidden, text.hidden] = [!raw.hidden, !text.hidden];
        swap.textContent = raw.hidden ? 'As JSON' : 'As text';
      },
      { class: 'quiet small' },
    );
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
      text,
      raw,
      wrong,
      el(
        'div.runbar',
        {},
        button(
          'Answer',
          () => {
            try {
              answer(question, { result: raw.hidden ? result() : JSON.parse(raw.value) });
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
