// What a JSON Schema says of one value: references are followed, and what all of it has to fit is
// laid together.

const DEEPEST = 12;
const known = new WeakMap();

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isText = (value) => typeof value === 'string';
const SHAPES = {
  properties: isObject,
  title: isText,
  description: isText,
  format: isText,
  pattern: isText,
  type: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  required: (value) => Array.isArray(value) && value.every(isText),
  ...Object.fromEntries(
    ['enum', 'enumNames', 'anyOf', 'oneOf', 'allOf', 'prefixItems'].map((name) => [
      name,
      Array.isArray,
    ]),
  ),
};

/** The schema that another refers to, with what that adds; one that is true allows everything. */
export function resolve(schema, root) {
  if (schema === false) return { not: {} };
  if (!isObject(schema)) return {};
  if (!known.has(root)) known.set(root, new WeakMap());
  const found = known.get(root);
  if (!found.has(schema)) {
    found.set(schema, {}); // what one that contains itself adds to itself
    found.set(schema, resolved(sound(schema), root));
  }
  return found.get(schema);
}

function resolved(schema, root) {
  const { $ref, allOf, ...own } = schema;
  if (isText($ref)) merge(own, resolve(pointed($ref, root), root));
  for (const each of allOf ?? []) merge(own, resolve(each, root));
  return own;
}

/** Without the keywords whose values make no sense. */
const sound = (schema) =>
  Object.fromEntries(
    Object.entries(schema).filter(([key, value]) => !SHAPES[key] || SHAPES[key](value)),
  );

function merge(own, other) {
  for (const [key, value] of Object.entries(other)) {
    if (key === 'properties') own.properties = { ...value, ...own.properties };
    else if (key === 'required') own.required = [...new Set([...(own.required ?? []), ...value])];
    else if (!(key in own)) own[key] = value;
  }
}

function pointed(pointer, root) {
  if (!pointer.startsWith('#')) return {};
  let found = root;
  try {
    for (const part of pointer.slice(1).split('/').filter(Boolean)) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      found = Object.hasOwn(found, name) ? found[name] : {};
    }
  } catch {
    return {}; // no pointer, or one into what has no parts
  }
  return found;
}

/** The choices of `anyOf` or `oneOf`, resolved. */
export const variants = (schema, root) =>
  (schema.anyOf ?? schema.oneOf ?? []).map((each) => resolve(each, root));

export const typesOf = (schema) =>
  Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : [];

export const isNull = (schema) => schema.type === 'null' || schema.const === null;

/** What kind of field a schema needs, and the schema that describes its value without null. */
export function kindOf(given, root, depth = 0) {
  let schema = given;
  let nullable = false;
  if (depth > DEEPEST) return { kind: 'json', nullable, schema }; // it contains itself
  const types = typesOf(schema);
  if (types.length > 1 && !schema.enum) {
    nullable = types.includes('null');
    const left = types.filter((each) => each !== 'null');
    if (left.length === 1) schema = { ...schema, type: left[0] };
    else
      return {
        kind: 'choice',
        nullable,
        schema,
        of: types.map((type) => ({ ...schema, type, title: type })),
      };
  }
  const choices = variants(schema, root);
  if (choices.length) {
    const others = choices.filter((each) => !isNull(each));
    const outer = { title: schema.title, description: schema.description, default: schema.default };
    if (others.length && others.every((each) => 'const' in each)) {
      const titled = others.map((each) => ({
        value: each.const,
        title: each.title ?? String(each.const),
      }));
      return { kind: 'options', nullable: others.length < choices.length, schema, options: titled };
    }
    if (others.length === 1 && choices.length === 2) {
      const inner = kindOf({ ...others[0], ...withoutUndefined(outer) }, root, depth + 1);
      if (SIMPLE.has(inner.kind)) return { ...inner, nullable: true };
    }
    return { kind: 'choice', nullable: false, schema, of: choices };
  }
  if ('const' in schema) return { kind: 'constant', nullable, schema };
  if (Array.isArray(schema.enum)) {
    const names = schema.enumNames ?? [];
    const options = schema.enum
      .filter((each) => each !== null)
      .map((value, at) => ({ value, title: String(names[at] ?? value) }));
    return { kind: 'options', nullable: nullable || schema.enum.includes(null), schema, options };
  }
  const [type] = typesOf(schema);
  if (type === 'string') return { kind: 'text', nullable, schema };
  if (type === 'integer' || type === 'number') return { kind: 'number', nullable, schema };
  if (type === 'boolean') return { kind: 'boolean', nullable, schema };
  if (type === 'array' && Array.isArray(schema.prefixItems))
    return { kind: 'tuple', nullable, schema };
  if (type === 'array' && schema.items && typeof schema.items === 'object') {
    const item = resolve(schema.items, root);
    const inner = kindOf(item, root, depth + 1);
    if (inner.kind === 'options' && schema.uniqueItems)
      return { kind: 'several', nullable, schema, options: inner.options };
    return { kind: 'list', nullable, schema };
  }
  if (type === 'object' || (!type && schema.properties)) {
    if (schema.properties && Object.keys(schema.properties).length)
      return { kind: 'object', nullable, schema };
    if (schema.additionalProperties && typeof schema.additionalProperties === 'object')
      return { kind: 'map', nullable, schema };
  }
  return { kind: 'json', nullable, schema };
}

const SIMPLE = new Set(['text', 'number', 'boolean', 'options']);

const withoutUndefined = (members) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** In a few words, what a value may be. */
export function described(schema, root) {
  const { kind, schema: inner, nullable } = kindOf(resolve(schema, root), root);
  const names = {
    text: inner.format ?? 'text',
    options: 'choice',
    several: 'choices',
    json: typesOf(inner).join(' | ') || 'any',
    list: 'list',
    map: 'map',
    choice: 'one of several',
  };
  const type = kind === 'number' ? inner.type : (names[kind] ?? kind);
  const limits = [];
  const range = (least, most) => {
    if (least !== undefined && most !== undefined) limits.push(`${least} – ${most}`);
    else if (least !== undefined) limits.push(`≥ ${least}`);
    else if (most !== undefined) limits.push(`≤ ${most}`);
  };
  if (kind === 'number') {
    range(inner.minimum, inner.maximum);
    if (inner.exclusiveMinimum !== undefined) limits.push(`> ${inner.exclusiveMinimum}`);
    if (inner.exclusiveMaximum !== undefined) limits.push(`< ${inner.exclusiveMaximum}`);
  }
  if (kind === 'text' && (inner.minLength !== undefined || inner.maxLength !== undefined)) {
    range(inner.minLength, inner.maxLength);
    limits.push('characters');
  }
  if (kind === 'text' && inner.pattern) limits.push(`/${inner.pattern}/`);
  return [type, limits.join(' '), nullable && 'or null'].filter(Boolean).join(' · ');
}
