// The dock: messages, logs, errors, and what the server's process writes.

import { button, el, fill } from './dom.js';
import { changed, on, state } from './state.js';
import { act } from './api.js';
import { leadsTo } from './go.js';
import { timeline } from './timeline.js';
import { errorsPanel, logsPanel, outputPanel } from './lines.js';

const HEIGHT = 'inspector.dock';
const SMALLEST = 34;

/** Each tab can be gone to, with the item that it shall show. */
export function mountDock(root, isFolded = false) {
  const tabs = [
    { name: 'messages', label: 'Messages', of: () => state.messages.length, made: timeline() },
    { name: 'logs', label: 'Logs', of: () => state.logs.length, made: logsPanel() },
    { name: 'errors', label: 'Errors', of: () => state.errors.length, made: errorsPanel() },
    { name: 'output', label: 'Server output', of: () => state.output.length, made: outputPanel() },
  ];
  const panel = el('div.panel', { role: 'tabpanel', id: 'dock-panel' });
  const tools = el('div.tools');
  const labels = tabs.map((tab) => {
    tab.count = el('span.count');
    return (tab.button = button([tab.label, tab.count], () => select(tab.name), {
      role: 'tab',
      id: `dock-${tab.name}`,
      'aria-controls': 'dock-panel',
      class: 'tab',
    }));
  });
  const fold = button('', () => resize(height() > SMALLEST ? SMALLEST : 300), { class: 'icon' });
  const list = el('div.tabs', { role: 'tablist', 'aria-label': 'What happens' }, labels);
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = labels.indexOf(document.activeElement);
    if (!step || at < 0) return;
    const next = (at + step + tabs.length) % tabs.length;
    select(tabs[next].name);
    labels[next].focus();
  });
  const select = (name, item) => {
    if (height() <= SMALLEST) resize(300);
    for (const tab of tabs) {
      const here = tab.name === name;
      tab.button.setAttribute('aria-selected', here);
      tab.button.tabIndex = here ? 0 : -1;
      if (here) {
        fill(tools, tab.made.tools);
        fill(panel, tab.made.node);
        panel.setAttribute('aria-labelledby', tab.button.id);
        tab.made.refresh(item);
      }
    }
  };
  const clear = button(
    'Clear',
    () => {
      for (const name of ['messages', 'logs', 'errors', 'output']) {
        state[name].length = 0;
        changed(name);
      }
      act('forget');
    },
    { class: 'quiet small', title: 'Forget messages, logs, errors and output' },
  );
  fill(root, handle(), el('div.head', {}, list, tools, clear, fold), panel);

  function height() {
    return root.getBoundingClientRect().height;
  }
  function resize(to, keeps = true) {
    const most = innerHeight - 180;
    const wanted = Math.round(Math.max(SMALLEST, Math.min(most, to)));
    document.documentElement.style.setProperty('--dock', `${wanted}px`);
    if (keeps) localStorage.setItem(HEIGHT, String(wanted));
    const folded = wanted <= SMALLEST;
    fold.textContent = folded ? '▴' : '▾';
    fold.title = folded ? 'Open the dock' : 'Fold the dock';
    fold.setAttribute('aria-label', fold.title);
    panel.hidden = folded;
  }
  function handle() {
    const bar = el('div.handle', {
      role: 'separator',
      tabIndex: 0,
      'aria-orientation': 'horizontal',
      'aria-label': 'Height of the dock',
    });
    bar.addEventListener('pointerdown', (event) => {
      bar.setPointerCapture(event.pointerId);
      const move = (to) => resize(innerHeight - to.clientY);
      bar.addEventListener('pointermove', move);
      bar.addEventListener('pointerup', () => bar.removeEventListener('pointermove', move), {
        once: true,
      });
    });
    bar.addEventListener('keydown', (event) => {
      const step = { ArrowUp: 24, ArrowDown: -24 }[event.key];
      if (step) resize(height() + step);
    });
    return bar;
  }

  resize(isFolded ? SMALLEST : Number(localStorage.getItem(HEIGHT)) || 260, !isFolded);
  for (const tab of tabs) leadsTo(tab.name, (item) => select(tab.name, item));
  if (height() > SMALLEST) select('messages');
  on('messages logs errors output', () => {
    for (const tab of tabs) {
      const count = tab.of();
      tab.count.textContent = count || '';
      if (tab.name === 'errors') tab.count.classList.toggle('bad', count > 0);
    }
  });
}
