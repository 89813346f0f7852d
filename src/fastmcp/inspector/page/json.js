// JSON whose whole numbers stay what they are, however long: beyond 2^53 they are BigInts, where the
// browser can read and write these.

const LONG = /\d{16}/;
const WHOLE = /^-?\d+$/;

const isExact = typeof JSON.rawJSON === 'function';
if (isExact)
  BigInt.prototype.toJSON = function () {
    return JSON.rawJSON(this.toString());
  };

const exact = (_, value, { source } = {}) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && WHOLE.test(source ?? '')
    ? BigInt(source)
    : value;

/** Like `JSON.parse`. */
export const parse = (text) =>
  isExact && LONG.test(text) ? JSON.parse(text, exact) : JSON.parse(text);

/** The number that a text is; NaN if it is none. */
export function numberOf(text) {
  const value = Number(text);
  return isExact && WHOLE.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
