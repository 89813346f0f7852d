// What the server says of itself, and what it is told of this client.

import { begin } from '../calls.js';
import { button, el, fill, tell } from '../dom.js';
import { duration } from '../units.js';
import { failure } from '../results.js';
import { go } from '../go.js';
import { isOpen, on, state } from '../state.js';
import { jsonView } from '../json_view.js';
import { shown } from '../targets.js';

export function serverView() {
  const said = el('div.stack');
  const roots = rootsEditor();
  const node = el('article.detail.wide', {}, said, roots.node);
  function update() {
    const {
      status,
      server = {},
      protocol,
      capabilities,
      instructions,
      took,
      target,
      error,
    } = state.connection;
    if (status === 'connecting') return fill(said, header('Connecting…', shown(target)));
    if (status === 'failed' || status === 'lost') {
      return fill(
        said,
        header(status === 'failed' ? 'No connection' : 'The connection was lost', shown(target)),
        failure(error),
        el(
          'div.runbar',
          {},
          button('Try again', () => go('reconnect'), { class: 'primary' }),
          button('Change', () => go('connect')),
          button('Server output', () => go('output'), { class: 'quiet' }),
        ),
      );
    }
    if (!isOpen()) {
      return fill(
        said,
        header('No server is connected', 'Choose a command or a URL to begin.'),
        el(
          'div.runbar',
          {},
          button('Connect…', () => go('connect'), { class: 'primary' }),
        ),
      );
    }
    const { name, title, version, ...others } = server;
    return fill(
      said,
      header(title ?? name, server.description ?? null),
      el(
        'dl.facts',
        {},
        [
          ['Name', name],
          ['Version', version],
          ['Protocol', `MCP ${protocol}`],
          ['Reached by', el('code', {}, shown(target))],
          ['Connected in', duration(took)],
          server.websiteUrl && ['Website', server.websiteUrl],
        ]
          .filter((each) => each && each[1])
          .map(([key, value]) => [el('dt', {}, key), el('dd', {}, value)]),
      ),
      instructions &&
        el('section.part', {}, el('h3', {}, 'Instructions'), el('pre.plain', {}, instructions)),
      el(
        'section.part',
        {},
        el('h3', {}, 'Capabilities'),
        Object.keys(capabilities ?? {}).length
          ? jsonView(capabilities, { depth: 3 })
          : el('p.empty', {}, 'It declares none.'),
      ),
      Object.keys(others).length > 0 &&
        el('details.extra', {}, el('summary', {}, 'All that it says of itself'), jsonView(server)),
    );
  }
  on('connection', () => {
    update();
    roots.update();
  });
  on('roots', roots.update);
  return { node, update };
}

const header = (title, about) =>
  el('header', {}, el('h2', {}, title), about && el('p.title', {}, about));

/** The folders that the server is told of, where it asks. */
function rootsEditor() {
  const text = el('textarea.mono', {
    id: 'roots',
    rows: 3,
    spellcheck: false,
    placeholder: 'file:///home/ada/project',
    'aria-describedby': 'roots-about',
  });
  const wrong = el('div.wrong', { role: 'alert' });
  const save = button('Offer these', async () => {
    fill(wrong);
    const roots = text.value
      .split('\n')
      .map((each) => each.trim())
      .filter(Boolean);
    try {
      await begin('roots', { roots }, { quiet: true }).done;
      state.roots = roots;
      tell('The server is told that the roots have changed');
    } catch (error) {
      fill(wrong, error.message);
    }
  });
  const node = el(
    'section.part',
    {},
    el('h3', {}, el('label', { htmlFor: 'roots' }, 'Roots')),
    el(
      'p.about',
      { id: 'roots-about' },
      'Folders that this client lets the server work in, a file:// URI on each line.',
    ),
    text,
    wrong,
    el('div.runbar', {}, save),
  );
  return {
    node,
    update() {
      if (document.activeElement !== text) text.value = state.roots.join('\n');
      node.hidden = state.connection.offers?.roots === false;
    },
  };
}
