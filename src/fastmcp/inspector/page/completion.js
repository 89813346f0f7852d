// Completion of an argument by the server, as a combobox.

import { el, fill, unique } from './dom.js';
import { ask } from './calls.js';
import { can, state } from './state.js';

const PAUSE = 150;

/** Have a text `input` offer what the server completes; `settled()` are the other arguments. */
export function completes(input, ref, name, settled) {
  if (!can('completions')) return;
  const list = el('ul.suggestions', { role: 'listbox', id: unique('suggestions'), hidden: true });
  const wrapper = el('div.combobox');
  let values = [];
  let at = -1;
  let timer = 0;
  let turn = 0;
  Object.entries({
    role: 'combobox',
    'aria-autocomplete': 'list',
    'aria-controls': list.id,
    'aria-expanded': 'false',
  }).forEach(([key, value]) => input.setAttribute(key, value));

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const take = (value) => {
    input.value = value;
    turn += 1;
    close();
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const show = () => {
    fill(
      list,
      values.map((value, number) =>
        el(
          'li',
          {
            role: 'option',
            id: `${list.id}-${number}`,
            'aria-selected': number === at,
            on: {
              pointerdown: (event) => {
                event.preventDefault();
                take(value);
              },
            },
          },
          value,
        ),
      ),
    );
    list.hidden = !values.length;
    input.setAttribute('aria-expanded', String(values.length > 0));
    if (at >= 0) {
      input.setAttribute('aria-activedescendant', `${list.id}-${at}`);
      list.children[at].scrollIntoView({ block: 'nearest' });
    }
  };
  const complete = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++turn;
      const params = { ref, argument: { name, value: input.value } };
      const others = settled();
      if (Object.keys(others).length && state.connection.protocol >= '2025-06-18')
        params.context = { arguments: others };
      try {
        const { completion } = await ask('completion/complete', params);
        if (mine !== turn || document.activeElement !== input) return;
        values = completion.values.filter((value) => value !== input.value);
        at = -1;
        show();
      } catch {
        close();
      }
    }, PAUSE);
  };
  input.addEventListener('input', complete);
  input.addEventListener('focus', complete);
  input.addEventListener('blur', () => {
    turn += 1;
    close();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !list.hidden) {
      close();
      event.stopPropagation();
    } else if (['ArrowDown', 'ArrowUp'].includes(event.key) && values.length && !list.hidden) {
      event.preventDefault();
      at = (at + (event.key === 'ArrowDown' ? 1 : -1) + values.length) % values.length;
      show();
    } else if (event.key === 'Enter' && at >= 0 && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      take(values[at]);
    }
  });
  queueMicrotask(() => {
    input.replaceWith(wrapper);
    wrapper.append(input, list);
  });
}
