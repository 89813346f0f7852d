// A form for the object that a JSON Schema describes, or the JSON itself.

import { button, el, fill, unique } from '../dom.js';
import { described, resolve } from './resolve.js';
import { fieldFor } from './fields.js';
import { UNSET, Unreadable } from './value.js';
import { parse } from '../json.js';
import { validate } from './validate.js';

/**
 * `read()` is the value, or null where it is wrong, which is then shown at the fields; with
 * `{ checked: false }` it is only null where it cannot be read. `write(value)` fills the form.
 */
export function schemaForm(schema, { completing = null, change = () => {} } = {}) {
  const slots = new Map();
  const general = el('div.errors', { role: 'alert' });
  const root = schema !== null && typeof schema === 'object' ? schema : { type: 'object' };
  const place = {
    root,
    change: () => {
      if (tried) check();
      change();
    },
    completing,
    making: { depth: 0, count: 0 },
    field: (each, path, required) => fieldFor(each, place, path, required),
    fits: (value, each) => !validate(value, each, root).length,
    row(name, each, field, path, required) {
      const whole = resolve(each, root);
      const id = unique('about');
      const label = field.input
        ? el(
            'label.name',
            { htmlFor: field.input.id },
            whole.title && whole.title !== titled(name) ? whole.title : name,
          )
        : el('span.name', {}, name);
      const about = el('div.about', { id }, whole.description);
      if (field.input) {
        field.input.setAttribute('aria-describedby', id);
        if (required) field.input.setAttribute('aria-required', 'true');
      }
      return el(
        'div.field',
        { title: whole.title ? name : null },
        el(
          'div.label',
          {},
          label,
          required && el('span.required', { title: 'required' }, '*'),
          el('span.type', {}, described(each, root)),
        ),
        whole.description && about,
        field.node,
        slot(path, field),
      );
    },
    bare: (field, path) => el('div.bare', {}, field.node, slot(path, field)),
  };
  let tried = false;
  const field = fieldFor({ type: 'object', ...root }, place, '', true);
  const empty = !Object.keys(resolve(root, root).properties ?? {}).length;
  const free =
    empty &&
    root.additionalProperties !== false &&
    Object.keys(root).some(
      (key) =>
        ![
          'type',
          'properties',
          'title',
          'description',
          '$schema',
          'additionalProperties',
          'required',
        ].includes(key),
    );
  const text = el('textarea.mono.raw', {
    rows: 8,
    spellcheck: false,
    'aria-label': 'Arguments as JSON',
    on: { input: () => place.change() },
  });
  let raw = false;
  const body = el(
    'div.fields',
    {},
    empty && !free ? el('p.empty', {}, 'It takes no arguments.') : field.node,
  );
  const swap = button(
    'As JSON',
    () => {
      tried = false;
      clear();
      if (!raw) text.value = JSON.stringify(valueOf() ?? {}, null, 2);
      else {
        try {
          field.set(parse(text.value || '{}'));
        } catch (error) {
          tell('', `Has to be JSON: ${error.message}`);
          return;
        }
      }
      raw = !raw;
      show();
    },
    { class: 'quiet small' },
  );
  const show = () => {
    swap.textContent = raw ? 'As a form' : 'As JSON';
    fill(
      body,
      raw ? text : empty && !free ? el('p.empty', {}, 'It takes no arguments.') : field.node,
    );
  };

  function slot(path, made) {
    const node = el('div.wrong', { role: 'alert' });
    slots.set(path, { node, made });
    return node;
  }
  function clear() {
    fill(general);
    for (const { node, made } of slots.values()) {
      if (!node.textContent) continue;
      fill(node);
      made.input?.removeAttribute('aria-invalid');
    }
  }
  function tell(path, message) {
    let near = path;
    while (near && !slots.get(near)?.node.isConnected) near = near.slice(0, near.lastIndexOf('/'));
    const found = raw ? null : slots.get(near);
    if (!found?.node.isConnected)
      general.append(
        el('p', {}, path ? `${path.slice(1).replaceAll('/', '.')}: ${message}` : message),
      );
    else {
      if (!found.node.textContent)
        found.node.textContent =
          near === path ? message : `${path.slice(near.length + 1)}: ${message}`;
      found.made.input?.setAttribute('aria-invalid', 'true');
    }
  }
  function valueOf() {
    try {
      if (raw) return parse(text.value || '{}');
      const value = field.get();
      return value === UNSET ? {} : value;
    } catch (error) {
      tell(
        error instanceof Unreadable ? error.path : '',
        error instanceof Unreadable ? error.message : `Has to be JSON: ${error.message}`,
      );
      return undefined;
    }
  }
  function check() {
    clear();
    const value = valueOf();
    if (value === undefined) return null;
    const errors = validate(value, root, root);
    for (const { path, message } of errors) tell(path, message);
    return errors.length ? null : value;
  }

  const node = el('div.schemaform', {}, body, general, el('div.swap', {}, swap));
  return {
    node,
    read({ checked = true } = {}) {
      tried = true;
      if (!checked) {
        clear();
        return valueOf() ?? null;
      }
      const value = check();
      if (value === null) node.querySelector('[aria-invalid]')?.focus();
      return value;
    },
    /** The value as far as there is one. */
    peek() {
      try {
        const value = raw ? parse(text.value || '{}') : field.get();
        return value === UNSET ? {} : value;
      } catch {
        return {};
      }
    },
    write(value) {
      tried = false;
      clear();
      text.value = JSON.stringify(value ?? {}, null, 2);
      field.set(value ?? {});
    },
  };
}

const titled = (name) =>
  name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
