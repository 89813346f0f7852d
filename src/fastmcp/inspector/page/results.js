// What came of a call: content of each kind, structured content, errors.

import { addPieces, button, copy, el, fill, tell } from './dom.js';
import { go } from './go.js';
import { parse } from './json.js';
import { jsonView } from './json_view.js';
import { size } from './units.js';
import { validate } from './schema/validate.js';

const LONGEST = 200_000;
const PICTURE = /^image\/[\w.+-]+$/;
const SOUND = /^audio\/[\w.+-]+$/;

/** The result of a tool; `outputSchema` is what its structured content should fit. */
export function toolResult(result, outputSchema) {
  const { content = [], structuredContent, isError, _meta, ...others } = result ?? {};
  const odd =
    structuredContent !== undefined && outputSchema && !isError
      ? validate(structuredContent, outputSchema, outputSchema)
      : [];
  const same =
    content.length === 1 &&
    content[0]?.type === 'text' &&
    structuredContent !== undefined &&
    sameJson(content[0].text, structuredContent);
  return [
    isError && el('p.banner.bad', { role: 'alert' }, 'The tool says that it failed'),
    same ? null : pieces(content),
    !content.length && structuredContent === undefined && el('p.empty', {}, 'It gave no content.'),
    structuredContent !== undefined &&
      section('Structured content', jsonView(structuredContent, { depth: 4 })),
    odd.length > 0 &&
      el(
        'div.banner.warn',
        {},
        el('p', {}, 'It does not fit the tool’s output schema:'),
        el(
          'ul',
          {},
          odd
            .slice(0, 10)
            .map((each) => el('li', {}, `${each.path || 'all of it'}: ${each.message}`)),
        ),
      ),
    meta(_meta, others),
    raw(result),
  ];
}

function sameJson(text, value) {
  try {
    const read = parse(text);
    return [value, value?.result].some((each) => JSON.stringify(each) === JSON.stringify(read));
  } catch {
    return value?.result === text && Object.keys(value).length === 1;
  }
}

/** The messages of a prompt. */
export function promptResult(result) {
  return [
    result.description && el('p.about', {}, result.description),
    (result.messages ?? []).map((message) =>
      el(
        `div.bubble.${message.role === 'user' ? 'user' : 'assistant'}`,
        {},
        el('h4', {}, message.role),
        blocks(message.content),
      ),
    ),
    meta(result._meta),
    raw(result),
  ];
}

/** The contents of a resource. */
export function resourceResult(result) {
  const given = (result.contents ?? []).map((resource) => ({ type: 'resource', resource }));
  return [pieces(given), meta(result._meta), raw(result)];
}

export const blocks = (content) => pieces(Array.isArray(content) ? content : [content]);

function pieces(content) {
  const body = el('div.stack');
  addPieces(body, content, block);
  return body;
}

/** One block of content; one that is none is shown as it came. */
function block(content) {
  try {
    return shown(content);
  } catch {
    const about = el('p.hint', {}, 'This is no content as the protocol has it:');
    return el('div.block', {}, about, jsonView(content));
  }
}

function shown(content) {
  const about =
    content.annotations && Object.keys(content.annotations).length
      ? el(
          'p.annotations',
          {},
          Object.entries(content.annotations).map(([key, value]) =>
            el('span.tag', {}, `${key}: ${Array.isArray(value) ? value.join(', ') : value}`),
          ),
        )
      : null;
  return el('div.block', {}, about, kindOf(content));
}

function kindOf(content) {
  switch (content?.type) {
    case 'text':
      return text(content.text);
    case 'image':
      return picture(content.data, content.mimeType);
    case 'audio':
      return recording(content.data, content.mimeType);
    case 'resource':
      return contents(content.resource);
    case 'resource_link':
      return link(content);
    case 'tool_use':
      return section(`Calls ${content.name}`, jsonView(content.input ?? {}));
    case 'tool_result':
      return section('What the tool gave', pieces(content.content ?? []));
    default:
      return jsonView(content);
  }
}

function text(value) {
  const read = asTree(value);
  const plain = long(value);
  if (read === null)
    return el(
      'div.copyable',
      {},
      plain,
      button('Copy', () => copy(value), { class: 'quiet small copy' }),
    );
  const tree = jsonView(read, { depth: 3, copyable: false });
  plain.hidden = true;
  const swap = button(
    'As text',
    () => {
      plain.hidden = !plain.hidden;
      tree.hidden = !plain.hidden;
      swap.textContent = plain.hidden ? 'As text' : 'As JSON';
    },
    { class: 'quiet small' },
  );
  return el(
    'div.copyable',
    {},
    tree,
    plain,
    el(
      'div.copy',
      {},
      swap,
      button('Copy', () => copy(value), { class: 'quiet small' }),
    ),
  );
}

/** A text, of which the beginning is shown if it is very long. */
function long(value) {
  const node = el('pre.plain', {}, value.slice(0, LONGEST));
  if (value.length <= LONGEST) return node;
  const all = button(
    `Show all ${value.length} characters`,
    () => {
      all.remove();
      fill(node, value);
    },
    { class: 'quiet small' },
  );
  return el('div', {}, node, all);
}

function asTree(value) {
  if (!/^\s*[[{]/.test(value ?? '')) return null;
  try {
    return parse(value);
  } catch {
    return null;
  }
}

function picture(data, type) {
  if (!PICTURE.test(type ?? '')) return binary(data, type);
  const image = el('img', {
    alt: `Picture of the type ${type}`,
    src: `data:${type};base64,${data}`,
  });
  const about = el('figcaption', {}, `${type} · ${size(bytes(data))}`);
  image.addEventListener(
    'load',
    () => (about.textContent += ` · ${image.naturalWidth} × ${image.naturalHeight}`),
  );
  image.addEventListener('error', () => (about.textContent += ' · it cannot be shown'));
  return el('figure', {}, image, about, save(data, type));
}

function recording(data, type) {
  if (!SOUND.test(type ?? '')) return binary(data, type);
  return el(
    'figure',
    {},
    el('audio', { controls: true, src: `data:${type};base64,${data}` }),
    el('figcaption', {}, `${type} · ${size(bytes(data))}`),
    save(data, type),
  );
}

function contents(resource) {
  const { uri, mimeType, text: value, blob } = resource;
  const head = el('p.source', {}, el('code', {}, uri), mimeType && el('span.tag', {}, mimeType));
  const body =
    blob !== undefined
      ? PICTURE.test(mimeType ?? '')
        ? picture(blob, mimeType)
        : SOUND.test(mimeType ?? '')
          ? recording(blob, mimeType)
          : binary(blob, mimeType)
      : text(value ?? '');
  return el('div.resource', {}, head, body, resource._meta && meta(resource._meta));
}

const binary = (data, type) =>
  el('p.binary', {}, `${type ?? 'Binary data'} · ${size(bytes(data))} `, save(data, type));

const bytes = (data) => Math.floor(((data ?? '').replace(/=+$/, '').length * 3) / 4);

function save(data, type) {
  return button(
    'Save',
    () => {
      let raw = null;
      try {
        raw = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
      } catch {
        return tell('This is not base64, and cannot be saved');
      }
      // Nothing that a server gave is opened as a page of this origin.
      const url = URL.createObjectURL(new Blob([raw], { type: 'application/octet-stream' }));
      el('a', {
        href: url,
        download: `content.${(type ?? 'bin').split('/').pop().replace(/\W.*/, '')}`,
      }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    },
    { class: 'quiet small' },
  );
}

const link = (given) =>
  el(
    'div.link',
    {},
    el(
      'p',
      {},
      el('strong', {}, given.title ?? given.name ?? given.uri),
      given.mimeType && el('span.tag', {}, given.mimeType),
    ),
    el('code', {}, given.uri),
    given.description && el('p.about', {}, given.description),
    button('Read it', () => go('resource', given.uri), { class: 'small' }),
  );

const section = (title, ...body) => el('section.part', {}, el('h4', {}, title), body);

function meta(given, others = {}) {
  const all = { ...others };
  delete all.resultType;
  const found = { ...(given ? { _meta: given } : {}), ...all };
  return Object.keys(found).length
    ? el('details.extra', {}, el('summary', {}, 'Metadata'), jsonView(found, { depth: 3 }))
    : null;
}

const raw = (result) =>
  el('details.extra', {}, el('summary', {}, 'The whole result'), jsonView(result, { depth: 2 }));

/** What went wrong, as JSON-RPC or the transport says it. */
export function failure(given) {
  return el(
    'div.banner.bad',
    { role: 'alert' },
    el(
      'p',
      {},
      el(
        'strong',
        {},
        given.kind,
        given.code !== undefined && ` ${given.code}`,
        given.status !== undefined && ` · HTTP ${given.status}`,
      ),
    ),
    el('p.message', {}, given.message),
    given.data !== undefined && given.data !== null && jsonView(given.data, { depth: 3 }),
  );
}
