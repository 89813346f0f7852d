// The fields of a form. Each has its `node`, `set(value)`, and `get()`: its value, `UNSET` where it
// is left out, or a thrown Unreadable.

import { COMPOUND } from './compound_fields.js';
import { kindOf, resolve } from './resolve.js';
import { SIMPLE } from './simple_fields.js';

const DEEPEST = 7;
const MOST = 500;
const MAKERS = { ...SIMPLE, ...COMPOUND };

/**
 * A field for a value. `place` is the form: its `root` schema, `change()` for what is to be called on
 * one, `field()` for the fields of parts, `completing` of texts, if there is that, and `making`: how
 * many fields there are of what is made now, and how deep it is in it.
 */
export function fieldFor(schema, place, path, required) {
  const whole = resolve(schema, place.root);
  const kind = kindOf(whole, place.root);
  const { making } = place;
  if (!making.depth) making.count = 0;
  making.count += 1;
  // A schema may contain itself, more than once.
  if (path.split('/').length > DEEPEST || making.count > MOST) kind.kind = 'json';
  making.depth += 1;
  try {
    const made = MAKERS[kind.kind]({ ...kind, whole, place, path, required });
    if (whole.default !== undefined) made.set(whole.default);
    return made;
  } finally {
    making.depth -= 1;
  }
}
