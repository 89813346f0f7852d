// A form of a JSON Schema; what is filled in goes to a tool, which says whether it fits.

const KINDS = {
  integer: 'number',
  number: 'number',
  date: 'date',
  time: 'time',
  'date-time': 'datetime-local',
  email: 'email',
  uri: 'url',
  password: 'password',
};
const BOUNDS = { minimum: 'min', maximum: 'max', minLength: 'minLength', maxLength: 'maxLength' };

/** A schema without references, and the one beside null where it may be null. */
function plain(schema, defs) {
  if (schema.$ref)
    return plain({ ...defs[schema.$ref.split('/').at(-1)], ...schema, $ref: undefined }, defs);
  const parts = (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []).filter(
    (part) => part.type !== 'null',
  );
  return parts.length === 1
    ? plain({ ...parts[0], ...schema, anyOf: undefined, oneOf: undefined, allOf: undefined }, defs)
    : schema;
}

/** A field: its node, and `read()`, which is undefined where nothing was filled in. */
function field(name, given, needed, defs, value) {
  const schema = plain(given, defs);
  const label = given.title ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
  const initial = value ?? schema.default;
  if (schema.type === 'object' && schema.properties) {
    const inner = fields(schema, defs, initial ?? {});
    return { node: el('fieldset', {}, el('legend', {}, label), inner.nodes), read: inner.read };
  }
  const hint = schema.description ? el('span', { className: 'hint' }, schema.description) : null;
  if (schema.type === 'boolean') {
    const box = el('input', { type: 'checkbox', name, checked: initial === true });
    return {
      node: el('label', { className: 'check' }, box, ' ', label, hint),
      read: () => box.checked,
    };
  }
  const { node, read } = input(name, schema, needed, initial);
  return { node: el('label', {}, needed ? label : `${label} (optional)`, hint, node), read };
}

function input(name, schema, needed, initial) {
  const members = { name, required: needed };
  const choices = schema.const !== undefined ? [schema.const] : schema.enum;
  if (choices) {
    const options = choices.map((choice, at) =>
      el('option', { value: at, selected: choice === initial }, String(choice)),
    );
    const node = el('select', members, needed ? [] : el('option', { value: '' }, ''), options);
    return { node, read: () => (node.value === '' ? undefined : choices[node.value]) };
  }
  if (schema.type === 'array' && ['string', undefined].includes(schema.items?.type)) {
    const node = el('textarea', {
      ...members,
      rows: 3,
      placeholder: 'one in each line',
      value: (initial ?? []).join('\n'),
    });
    return {
      node,
      read: () =>
        node.value
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
    };
  }
  if (!['string', 'integer', 'number'].includes(schema.type)) {
    const node = el('textarea', {
      ...members,
      rows: 4,
      placeholder: 'JSON',
      value: initial === undefined ? '' : JSON.stringify(initial, null, 2),
    });
    return { node, read: () => parsed(node) };
  }
  const kind = KINDS[schema.format] ?? KINDS[schema.type] ?? 'text';
  const node = el('input', { ...members, type: kind, value: initial ?? '' });
  if (kind === 'number') node.step = schema.multipleOf ?? (schema.type === 'integer' ? 1 : 'any');
  for (const [bound, member] of Object.entries(BOUNDS))
    if (schema[bound] !== undefined) node[member] = schema[bound];
  return {
    node,
    read: () =>
      node.value === '' ? undefined : kind === 'number' ? Number(node.value) : node.value,
  };
}

function parsed(node) {
  if (!node.value.trim()) return undefined;
  try {
    return JSON.parse(node.value);
  } catch (error) {
    throw new Error(`${node.name} is no JSON: ${error.message}`);
  }
}

function fields(schema, defs, values) {
  const needed = new Set(schema.required ?? []);
  const made = Object.entries(schema.properties ?? {}).map(([name, one]) => [
    name,
    field(name, one, needed.has(name), defs, values[name]),
  ]);
  const read = () =>
    Object.fromEntries(
      made.map(([name, { read }]) => [name, read()]).filter(([, value]) => value !== undefined),
    );
  return { nodes: made.map(([, { node }]) => node), read };
}

start('form', (data) => {
  const { nodes, read } = fields(data.schema, data.schema.$defs ?? {}, data.values ?? {});
  const outcome = el('div', { ariaLive: 'polite' });
  const submit = async () => {
    if (!form.reportValidity()) return;
    button.disabled = true;
    try {
      const text = textOf(await call(named(data.submit, data), { data: read() }));
      await (data.send_message ? say(text) : tell(text));
      for (const each of form.elements) each.disabled = true;
      fill(outcome, note('Submitted.'));
    } catch (error) {
      button.disabled = false;
      fill(outcome, failure(error.message));
    }
  };
  const keydown = (event) => {
    if (event.key !== 'Enter' || event.target.tagName !== 'INPUT') return;
    event.preventDefault();
    submit();
  };
  // A sandbox that does not allow forms keeps them from being submitted, and their event, too.
  const button = el(
    'button',
    { type: 'button', className: 'default', on: { click: submit } },
    data.submit_text,
  );
  const form = el(
    'form',
    { on: { keydown } },
    nodes,
    outcome,
    el('div', { className: 'buttons' }, button),
  );
  fill(stage, el('h1', {}, data.title), el('p', { className: 'note' }, data.prompt), form);
});
