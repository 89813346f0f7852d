// What a log message says, in a line.

/** Its text, where that is all that it has; else its JSON. */
export function textOf(data) {
  if (typeof data === 'string') return data;
  const only =
    data &&
    typeof data.msg === 'string' &&
    Object.keys(data).every((each) => each === 'msg' || data[each] === null);
  return only ? data.msg : (JSON.stringify(data) ?? '');
}
