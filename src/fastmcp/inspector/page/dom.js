// Elements. Texts are always set as text: nothing here reads markup.

/**
 * An element of a tag such as "button" or "div.card", with properties and children.
 * `on` has listeners by their events, `data` what goes into the dataset; a property that is `null`,
 * `undefined` or `false` is left out, and so is such a child.
 */
export function el(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(' ');
  if (properties instanceof Node || typeof properties !== 'object' || Array.isArray(properties)) {
    children.unshift(properties);
    properties = {};
  }
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined) continue;
    if (key.startsWith('aria-')) node.setAttribute(key, String(value));
    else if (value === false) continue;
    else if (key === 'on')
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (key === 'data') Object.assign(node.dataset, value);
    else if (key === 'class') node.classList.add(...value.split(' ').filter(Boolean));
    else if (key in node && key !== 'list' && key !== 'role') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  add(node, ...children);
  return node;
}

/** Append children: nodes, texts, or arrays of both. */
export function add(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) node.append(child);
    else node.append(...visible(String(child)));
  }
  return node;
}

// What cannot be seen, or turns round the text beside it: controls, directions, tags.
const HIDDEN =
  /([\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\u{e0000}-\u{e007f}])/u;

/** A text as nodes; characters that nobody would see in it are shown by their numbers. */
function visible(text) {
  if (!HIDDEN.test(text)) return [text];
  return text.split(HIDDEN).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const mark = document.createElement('span');
    mark.className = 'hiddenchar';
    mark.textContent = `U+${piece.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    return mark;
  });
}

const PIECE = 100;

/** Append what `draw` makes of items, of which there may be many: the first, then as it is wished. */
export function addPieces(node, items, draw, from = 0) {
  add(node, items.slice(from, from + PIECE).map(draw));
  const left = items.length - from - PIECE;
  if (left <= 0) return;
  const next = button(
    `${Math.min(left, PIECE)} more of ${items.length}`,
    () => {
      next.remove();
      addPieces(node, items, draw, from + PIECE);
    },
    { class: 'quiet small' },
  );
  node.append(next);
}

/** Have exactly these children. */
export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, ...children);
}

export const button = (label, act, properties = {}) =>
  el('button', { type: 'button', ...properties, on: { click: act, ...properties.on } }, label);

/** Say something to whoever looks, or listens, for a while. */
export function tell(text) {
  const place = document.getElementById('told');
  const note = el('p', {}, text);
  place.append(note);
  setTimeout(() => note.remove(), 4000);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', { value: text, class: 'offscreen' });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  tell('Copied');
}

let last = 0;
/** An id that no other element has. */
export const unique = (stem) => `${stem}-${++last}`;
