// The bar at the top: which server this is, how it is, and what can be done with the connection.

import { act } from './api.js';
import { begin } from './calls.js';
import { button, el, fill, tell } from './dom.js';
import { connectDialog } from './connect_dialog.js';
import { duration } from './units.js';
import { isOpen, on, state } from './state.js';
import { leadsTo } from './go.js';
import { shown } from './targets.js';
import { themeSwitch } from './theme.js';

const WORDS = {
  open: 'Connected',
  connecting: 'Connecting',
  closed: 'Not connected',
  failed: 'Failed',
  lost: 'Lost',
};

export function mountBar(root) {
  const dot = el('span.dot');
  const name = el('strong.name');
  const facts = el('span.facts');
  const where = el('code.where');
  const said = (work) => () => work().catch((error) => tell(error.message));
  const ping = button(
    'Ping',
    said(async () => {
      const begun = performance.now();
      await begin('ping', {}, { quiet: true }).done;
      tell(`It answered in ${duration(performance.now() - begun)}`);
    }),
    { class: 'quiet' },
  );
  const again = button(
    'Restart',
    said(() => act('reconnect')),
    { class: 'quiet', title: 'Connect anew; a process is started anew' },
  );
  const leave = button(
    'Disconnect',
    said(() => act('disconnect')),
    { class: 'quiet' },
  );
  const change = button('Connect…', connectDialog);
  fill(
    root,
    el(
      'div.brand',
      {},
      el('img', { src: '/icon.svg', alt: '', width: 20, height: 20 }),
      el('h1', {}, 'Inspector'),
    ),
    el('div.server', { role: 'status' }, dot, name, facts, where),
    el('div.acts', {}, ping, again, leave, change, themeSwitch()),
  );
  on('connection given', () => {
    const { status, server, protocol, target } = state.connection;
    dot.className = `dot ${status}`;
    dot.title = WORDS[status];
    fill(name, isOpen() ? (server.title ?? server.name) : WORDS[status]);
    fill(
      facts,
      isOpen() && [
        el('span.version', {}, server.version),
        el('span.tag', {}, `MCP ${protocol}`),
        state.watched.length > 0 &&
          el(
            'span.tag',
            { title: `Started anew when something changes in ${state.watched.join(', ')}` },
            'reloads',
          ),
      ],
    );
    where.textContent = shown(target);
    where.title = target?.transport === 'stdio' ? target.command : shown(target);
    ping.disabled = !isOpen();
    again.disabled = !target;
    leave.disabled = !isOpen() && status !== 'connecting';
    change.classList.toggle('primary', !isOpen() && status !== 'connecting');
  });
  leadsTo('connect', connectDialog);
  leadsTo(
    'reconnect',
    said(() => act('reconnect')),
  );
}
