// The places of the page, and going from one to another.

import { button, el, fill } from './dom.js';
import { historyView } from './views/history.js';
import { leadsTo } from './go.js';
import { on, state } from './state.js';
import { promptsView } from './views/prompts.js';
import { resourcesView } from './views/resources.js';
import { serverView } from './views/server.js';
import { tasksView } from './views/tasks.js';
import { appsView, isApp, toolsView } from './views/tools.js';

const KEY = 'inspector.place';
const RUNNING = new Set(['working', 'input_required', 'submitted']);

export function mountPlaces(nav, main, wanted) {
  const places = [
    { name: 'server', label: 'Server', make: serverView },
    { name: 'tools', label: 'Tools', make: toolsView, count: () => state.lists.tools.length },
    {
      name: 'apps',
      label: 'Apps',
      make: appsView,
      count: () => state.lists.tools.filter(isApp).length,
    },
    {
      name: 'resources',
      label: 'Resources',
      make: resourcesView,
      count: () => state.lists.resources.length + state.lists.templates.length,
    },
    {
      name: 'prompts',
      label: 'Prompts',
      make: promptsView,
      count: () => state.lists.prompts.length,
    },
    {
      name: 'tasks',
      label: 'Tasks',
      make: tasksView,
      count: () => [...state.tasks.values()].filter((each) => RUNNING.has(each.status)).length,
    },
    { name: 'history', label: 'History', make: historyView },
  ];
  const show = (name) => {
    for (const place of places) {
      const here = place.name === name;
      place.view.node.hidden = !here;
      if (here) {
        place.button.setAttribute('aria-current', 'page');
        place.view.update();
      } else place.button.removeAttribute('aria-current');
    }
    localStorage.setItem(KEY, name);
  };
  for (const place of places) {
    place.view = place.make(() => show(place.name));
    place.number = el('span.count');
    place.button = button([place.label, place.number], () => show(place.name));
    leadsTo(place.name, () => show(place.name));
  }
  fill(
    nav,
    el(
      'ul',
      {},
      places.map((place) => el('li', {}, place.button)),
    ),
  );
  fill(
    main,
    places.map((place) => place.view.node),
  );
  const counts = () =>
    places.forEach((place) => (place.number.textContent = place.count?.() || ''));
  on('tools resources templates prompts tasks', counts);
  const known = (name) => places.some((place) => place.name === name);
  show([wanted, localStorage.getItem(KEY), 'tools'].find(known));
  addEventListener('keydown', (event) => {
    const at = Number(event.key) - 1;
    if (event.altKey && places[at]) {
      event.preventDefault();
      show(places[at].name);
      places[at].button.focus();
    }
  });
}
