// Whether a value fits a JSON Schema, as far as a form needs it: what is not known here is let pass,
// and judged by the server.

import { resolve, typesOf } from './resolve.js';

const FORMATS = {
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?$/,
  time: /^\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?$/,
  email: /^[^\s@]+@[^\s@]+$/,
  uri: /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]*$/,
  uuid: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
};

const DEEPEST = 30;
const STEPS = 100_000;

/** What is wrong: a list of `{ path, message }`, where a path is a JSON pointer. */
export function validate(value, schema, root, path = '', walk = { left: STEPS, depth: 0 }) {
  if (walk.depth > DEEPEST || !walk.left) return []; // a schema may contain itself
  walk.left -= 1;
  walk.depth += 1;
  try {
    return wrongOf(value, schema, root, path, walk);
  } finally {
    walk.depth -= 1;
  }
}

function wrongOf(value, schema, root, path, walk) {
  const all = resolve(schema, root);
  const found = [];
  const wrong = (message) => found.push({ path, message });
  const types = typesOf(all);
  if (types.length && !types.some((type) => isOf(value, type))) {
    return [{ path, message: `Has to be ${types.map(named).join(' or ')}` }];
  }
  if ('const' in all && !same(value, all.const)) wrong(`Has to be ${JSON.stringify(all.const)}`);
  if (Array.isArray(all.enum) && !all.enum.some((each) => same(value, each)))
    wrong(`Has to be one of ${all.enum.map((each) => JSON.stringify(each)).join(', ')}`);
  if (typeof value === 'number' || typeof value === 'bigint') ofNumber(value, all, wrong);
  else if (typeof value === 'string') ofText(value, all, wrong);
  else if (Array.isArray(value)) ofList(value, all, root, path, walk, found, wrong);
  else if (value && typeof value === 'object') ofObject(value, all, root, path, walk, found);
  for (const name of ['anyOf', 'oneOf']) {
    if (!Array.isArray(all[name])) continue;
    const outcomes = all[name].map((each) => validate(value, each, root, path, walk));
    if (outcomes.some((each) => !each.length)) continue;
    const nearest = outcomes.filter((each) => each.every((error) => error.path !== path))[0];
    if (nearest) found.push(...nearest);
    else if (outcomes.length === 2 && all[name].some((each) => resolve(each, root).type === 'null'))
      found.push(
        ...(outcomes.find((each, at) => resolve(all[name][at], root).type !== 'null') ?? []),
      );
    else wrong('Fits none of the choices');
  }
  return found;
}

function ofNumber(value, schema, wrong) {
  if (schema.minimum !== undefined && value < schema.minimum)
    wrong(`Has to be at least ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum)
    wrong(`Has to be at most ${schema.maximum}`);
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    wrong(`Has to be more than ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum)
    wrong(`Has to be less than ${schema.exclusiveMaximum}`);
  const step = schema.multipleOf;
  const steps = Number(value) / step;
  if (step > 0 && Math.abs(steps - Math.round(steps)) > 1e-9)
    wrong(`Has to be a multiple of ${step}`);
}

function ofText(value, schema, wrong) {
  const length = [...value].length;
  if (length < (schema.minLength ?? 0))
    wrong(
      `Has to have at least ${schema.minLength} ${schema.minLength === 1 ? 'character' : 'characters'}`,
    );
  if (length > (schema.maxLength ?? Infinity))
    wrong(`Has to have at most ${schema.maxLength} characters`);
  if (FORMATS[schema.format] && !FORMATS[schema.format].test(value))
    wrong(`Has to be ${/^[aeiou]/.test(schema.format) ? 'an' : 'a'} ${schema.format}`);
  if (schema.pattern && !matches(schema.pattern, value)) wrong(`Has to match ${schema.pattern}`);
}

function matches(pattern, value) {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // of another dialect
  }
}

function ofList(value, schema, root, path, walk, found, wrong) {
  if (value.length < (schema.minItems ?? 0))
    wrong(`Has to have at least ${schema.minItems} ${schema.minItems === 1 ? 'item' : 'items'}`);
  if (value.length > (schema.maxItems ?? Infinity))
    wrong(`Has to have at most ${schema.maxItems} items`);
  if (schema.uniqueItems && new Set(value.map((each) => JSON.stringify(each))).size < value.length)
    wrong('Has to have no item twice');
  value.forEach((each, at) => {
    const item = schema.prefixItems?.[at] ?? schema.items;
    if (item && typeof item === 'object')
      found.push(...validate(each, item, root, `${path}/${at}`, walk));
  });
}

function ofObject(value, schema, root, path, walk, found) {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) found.push({ path: `${path}/${name}`, message: 'Is required' });
  }
  for (const [name, each] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties[name] : undefined;
    if (known !== undefined)
      found.push(...validate(each, known, root, `${path}/${name}`, walk));
    else if (schema.additionalProperties === false)
      found.push({ path: `${path}/${name}`, message: `There is no ${name}` });
    else if (schema.additionalProperties && typeof schema.additionalProperties === 'object') {
      found.push(
        ...validate(each, schema.additionalProperties, root, `${path}/${name}`, walk),
      );
    }
  }
}

function isOf(value, type) {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return value !== null && typeof value === 'object' && !Array.isArray(value);
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number';
    default:
      return typeof value === type;
  }
}

const named = (type) =>
  ({
    integer: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  })[type] ?? type;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
