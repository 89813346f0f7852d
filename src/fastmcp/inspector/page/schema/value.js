// A value that is left out, and one that cannot be read.

export const UNSET = Symbol('unset');

export class Unreadable extends Error {
  constructor(path, message) {
    super(message);
    this.path = path;
  }
}

/** Have the form hear of a field's changes. */
export const listens = (place) => ({ input: () => place.change(), change: () => place.change() });
