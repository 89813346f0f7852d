// Fields of values that have parts: objects, lists, and what may be one thing or another.

import { button, el, fill, unique } from '../dom.js';
import { listens, UNSET } from './value.js';

export const COMPOUND = {
  object(given) {
    const { place, path, required, nullable } = given;
    return path === '' || required
      ? members(given)
      : included(() => members(given), place, nullable);
  },

  list({ schema, place, path, required, nullable }) {
    const rows = [];
    const body = el('div.list');
    const fresh = () => {
      const at = rows.length;
      const field = labelled(place.field(schema.items, `${path}/${at}`, true), `Item ${at + 1}`);
      const row = { field };
      const drop = button(
        '×',
        () => {
          rows.splice(rows.indexOf(row), 1);
          show();
          place.change();
        },
        { class: 'icon', 'aria-label': 'Remove this item', title: 'Remove' },
      );
      row.node = el('div.item', {}, place.bare(field, `${path}/${at}`), drop);
      rows.push(row);
      return row;
    };
    const show = () =>
      fill(
        body,
        rows.map((row) => row.node),
      );
    const grow = button(
      'Add an item',
      () => {
        const row = fresh();
        show();
        row.node.querySelector('input, textarea, select')?.focus();
        place.change();
      },
      { class: 'quiet small' },
    );
    return {
      node: el('div.listfield', {}, body, grow),
      get() {
        if (!rows.length && !required) return UNSET;
        return rows.map((row) => row.field.get()).map((value) => (value === UNSET ? '' : value));
      },
      set(values) {
        rows.length = 0;
        for (const value of Array.isArray(values) ? values : []) fresh().field.set(value);
        show();
      },
    };
  },

  tuple({ schema, place, path, required }) {
    const fields = schema.prefixItems.map((each, at) =>
      labelled(place.field(each, `${path}/${at}`, true), `Item ${at + 1}`),
    );
    return {
      node: el(
        'div.list',
        {},
        fields.map((field, at) => el('div.item', {}, place.bare(field, `${path}/${at}`))),
      ),
      get() {
        const values = fields.map((field) => field.get());
        if (!required && values.every((value) => value === UNSET)) return UNSET;
        return values.map((value) => (value === UNSET ? null : value));
      },
      set: (values) => fields.forEach((field, at) => field.set(values?.[at])),
    };
  },

  map({ schema, place, path, required }) {
    const rows = [];
    const body = el('div.list');
    const show = () =>
      fill(
        body,
        rows.map((row) => row.node),
      );
    const fresh = (name = '') => {
      const input = el('input.name', {
        value: name,
        placeholder: 'name',
        'aria-label': 'Name',
        on: listens(place),
      });
      const field = labelled(
        place.field(schema.additionalProperties, `${path}/${name}`, true),
        'Value',
      );
      const row = { input, field };
      const drop = button(
        '×',
        () => {
          rows.splice(rows.indexOf(row), 1);
          show();
          place.change();
        },
        { class: 'icon', 'aria-label': 'Remove this entry', title: 'Remove' },
      );
      row.node = el('div.item', {}, input, place.bare(field, `${path}/${name}`), drop);
      rows.push(row);
      return row;
    };
    return {
      node: el(
        'div.listfield',
        {},
        body,
        button(
          'Add an entry',
          () => {
            fresh().input.focus();
            show();
            rows.at(-1).input.focus();
          },
          { class: 'quiet small' },
        ),
      ),
      get() {
        if (!rows.length && !required) return UNSET;
        return Object.fromEntries(
          rows
            .filter((row) => row.input.value)
            .map((row) => [row.input.value, row.field.get()])
            .filter(([, value]) => value !== UNSET),
        );
      },
      set(value) {
        rows.length = 0;
        for (const [name, each] of Object.entries(value ?? {})) fresh(name).field.set(each);
        show();
      },
    };
  },

  choice({ of, place, path, required, schema }) {
    const titles = of.map((each, at) =>
      each.type === 'null'
        ? 'null'
        : (each.title ??
          (Array.isArray(each.type) ? each.type.join(' | ') : each.type) ??
          `choice ${at + 1}`),
    );
    const body = el('div.chosen');
    let field = null;
    const select = el(
      'select',
      {
        id: unique('field'),
        'aria-label': 'Which kind',
        on: {
          change: () => {
            choose(Number(select.value));
            place.change();
          },
        },
      },
      !required && el('option', { value: -1 }, '(left out)'),
      titles.map((title, at) => el('option', { value: at }, title)),
    );
    const choose = (at) => {
      select.value = at;
      field =
        at < 0
          ? null
          : of[at].type === 'null'
            ? { node: el('span'), get: () => null, set() {} }
            : labelled(place.field(of[at], path, true), 'Value');
      fill(body, field?.node);
    };
    choose(required ? 0 : -1);
    return {
      node: el('div.choice', {}, select, body),
      input: select,
      get: () => (field === null ? UNSET : field.get()),
      set(value) {
        if (value === undefined) return choose(required ? 0 : -1);
        const at = of.findIndex((each) => place.fits(value, each));
        if (value === null && schema.default === null && !required) return choose(-1);
        choose(at < 0 ? 0 : at);
        field.set(value);
      },
    };
  },
};

/** Names a field that has no label of its own beside it. */
function labelled(field, name) {
  field.input?.setAttribute('aria-label', name);
  return field;
}

/** The fields of an object's members. */
function members({ schema, place, path }) {
  const wanted = new Set(schema.required ?? []);
  const parts = Object.entries(schema.properties).map(([name, each]) => {
    const field = place.field(each, `${path}/${name}`, wanted.has(name));
    return { name, field, node: place.row(name, each, field, `${path}/${name}`, wanted.has(name)) };
  });
  return {
    node: el(
      'div.group',
      {},
      parts.map((part) => part.node),
    ),
    get: () =>
      Object.fromEntries(
        parts
          .map(({ name, field }) => [name, field.get()])
          .filter(([, value]) => value !== UNSET),
      ),
    set: (value) =>
      parts.forEach(({ name, field }) =>
        field.set(Object.hasOwn(value ?? {}, name) ? value[name] : undefined),
      ),
  };
}

/** An object that may be left out; its fields are made when it is not. */
function included(make, place, nullable) {
  const body = el('div');
  let inner = null;
  const show = () => {
    if (box.checked && inner === null) {
      inner = make();
      body.append(inner.node);
    }
    body.hidden = !box.checked;
  };
  const box = el('input', {
    type: 'checkbox',
    on: {
      change: () => {
        show();
        place.change();
      },
    },
  });
  return {
    node: el(
      'div',
      {},
      el('label.check', {}, box, nullable ? 'Give one (else null)' : 'Give one'),
      body,
    ),
    get: () => (box.checked ? inner.get() : UNSET),
    set(value) {
      box.checked = value !== undefined && value !== null;
      show();
      if (box.checked) inner.set(value);
    },
  };
}
