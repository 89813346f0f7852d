// The fields of a form. Each has its `node`, `set(value)`, and `get()`: its value, `UNSET` where it
// is left out, or a thrown Unreadable.

import { COMPOUND } from './compound_fields.js';
import { kindOf, resolve } from './resolve.js';
import { SIMPLE } from './simple_fields.js';

const DEEPEST = 7;
const MAKERS = { ...SIMPLE, ...COMPOUND };

/**
 * A field for a value. `place` is the form: its `root` schema, `change()` for what is to be called on
 * one, `field()` for the fields of parts, and `completing` of texts, if there is that.
 */
export function fieldFor(schema, place, path, required) {
  const whole = resolve(schema, place.root);
  const kind = kindOf(whole, place.root);
  if (path.split('/').length > DEEPEST) kind.kind = 'json'; // a schema may contain itself
  const made = MAKERS[kind.kind]({ ...kind, whole, place, path, required });
  if (whole.default !== undefined) made.set(whole.default);
  return made;
}
