// Fields of values that have no parts: text, numbers, choices, and JSON for all the rest.

import { el, unique } from '../dom.js';
import { numberOf, parse } from '../json.js';
import { listens, UNSET, Unreadable } from './value.js';

export const SIMPLE = {
  text({ schema, nullable, place, path, required }) {
    const long = !schema.format && !place.completing;
    const types = { date: 'date', time: 'time', email: 'email', uri: 'url', password: 'password' };
    const examples = {
      'date-time': '2026-01-31T12:00:00Z',
      uri: 'https://…',
      uuid: '00000000-0000-…',
    };
    const input = el(long ? 'textarea.text' : 'input.text', {
      id: unique('field'),
      rows: long ? 1 : null,
      type: long ? null : (types[schema.format] ?? 'text'),
      spellcheck: false,
      autocomplete: 'off',
      step: schema.format === 'time' ? 1 : null,
      placeholder: examples[schema.format] ?? (nullable ? 'null' : ''),
      on: listens(place),
    });
    place.completing?.(input, path);
    return {
      node: input,
      input,
      get: () =>
        input.value !== ''
          ? input.value
          : required
            ? nullable
              ? null
              : schema.minLength === 0 || input.dataset.empty
                ? ''
                : UNSET
            : UNSET,
      set: (value) => {
        input.value = value ?? '';
        input.dataset.empty = value === '' ? 'yes' : '';
      },
    };
  },

  number({ schema, nullable, place, path, required }) {
    const input = el('input.number', {
      id: unique('field'),
      type: 'text',
      inputMode: schema.type === 'integer' ? 'numeric' : 'decimal',
      autocomplete: 'off',
      placeholder: nullable ? 'null' : '',
      on: listens(place),
    });
    return {
      node: input,
      input,
      get() {
        const text = input.value.trim();
        if (!text) return nullable && required ? null : UNSET;
        const value = numberOf(text);
        if (typeof value === 'number' && !Number.isFinite(value)) throw new Unreadable(path, 'Has to be a number');
        return value;
      },
      set: (value) => (input.value = value ?? ''),
    };
  },

  boolean({ whole, nullable, place, required }) {
    if (required && !nullable) {
      const input = el('input', { id: unique('field'), type: 'checkbox', on: listens(place) });
      return {
        node: el('span.box', {}, input),
        input,
        get: () => input.checked,
        set: (value) => (input.checked = Boolean(value)),
      };
    }
    return optionsField(
      [
        { value: true, title: 'true' },
        { value: false, title: 'false' },
      ],
      { whole, nullable, place, required },
    );
  },

  options: (given) => optionsField(given.options, given),

  several({ options, place, required }) {
    const boxes = options.map(({ value, title }) => {
      const input = el('input', { type: 'checkbox', on: listens(place) });
      return { value, input, node: el('label.check', {}, input, title) };
    });
    return {
      node: el(
        'div.several',
        { role: 'group' },
        boxes.map((each) => each.node),
      ),
      get() {
        const chosen = boxes.filter((each) => each.input.checked).map((each) => each.value);
        return chosen.length || required ? chosen : UNSET;
      },
      set: (values) =>
        boxes.forEach((each) => (each.input.checked = (values ?? []).includes(each.value))),
    };
  },

  constant({ schema }) {
    return {
      node: el('code', {}, JSON.stringify(schema.const)),
      get: () => schema.const,
      set() {},
    };
  },

  json({ nullable, schema, place, path, required }) {
    const input = el('textarea.mono', {
      id: unique('field'),
      rows: 2,
      spellcheck: false,
      placeholder: nullable ? 'null' : schema.type === 'object' ? '{}' : 'JSON',
      on: listens(place),
    });
    return {
      node: input,
      input,
      get() {
        if (!input.value.trim()) return nullable && required ? null : UNSET;
        try {
          return parse(input.value);
        } catch (error) {
          throw new Unreadable(path, `Has to be JSON: ${error.message}`);
        }
      },
      set: (value) =>
        (input.value = value === undefined || value === null ? '' : JSON.stringify(value, null, 2)),
    };
  },
};

function optionsField(options, { whole, nullable, place, required }) {
  const none = nullable ? 'null' : required ? 'choose…' : '(left out)';
  const optional = !required || nullable || whole.default === undefined;
  const input = el(
    'select',
    { id: unique('field'), on: listens(place) },
    optional && el('option', { value: -1 }, none),
    options.map(({ title }, at) => el('option', { value: at }, title)),
  );
  return {
    node: input,
    input,
    get() {
      const at = input.selectedIndex < 0 ? -1 : Number(input.value);
      if (at >= 0) return options[at].value;
      return nullable && required ? null : UNSET;
    },
    set(value) {
      const at = options.findIndex((each) => JSON.stringify(each.value) === JSON.stringify(value));
      input.value = String(at);
    },
  };
}
