// Starts the page, and keeps it supplied with what happens.

import { applyTheme } from './theme.js';
import { beginReplay, hear, lastSeen } from './inbox.js';
import { button, el } from './dom.js';
import { enter, listen, wanted } from './api.js';
import { mountBar } from './bar.js';
import { mountDock } from './dock.js';
import { mountPlaces } from './places.js';
import { mountQuestions } from './questions.js';

const LONGEST_PAUSE = 5000;

applyTheme();
const part = (id) => document.getElementById(id);
mountBar(part('bar'));
mountDock(part('dock'), wanted.folded);
mountPlaces(part('places'), part('content'), wanted.place);
mountQuestions(part('questions'));

/** Covers the page with what has to be done before it can be used. */
function stop(title, ...about) {
  document.querySelector('.stop')?.remove();
  document.body.append(
    el(
      'div.stop',
      { role: 'alertdialog', 'aria-label': title },
      el('div', {}, el('h2', {}, title), about),
    ),
  );
}

async function follow() {
  let pause = 250;
  for (;;) {
    try {
      beginReplay();
      await listen(lastSeen, (event, members) => {
        document.querySelector('.stop')?.remove();
        pause = 250;
        hear(event, members);
      });
    } catch (error) {
      if (error.status === 401) return refused();
    }
    stop(
      'The inspector has ended',
      el(
        'p',
        {},
        'It was stopped, or the way to it is cut. This page goes on when it is there again.',
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}

function refused() {
  stop(
    'Open the link of the terminal',
    el(
      'p',
      {},
      'This page shows a key that it gets from the link which the inspector prints when it starts. A link is good for one browser; opened a second time, another one is printed.',
    ),
    button('Try again', () => location.reload(), { class: 'primary' }),
  );
}

if (await enter()) follow();
else refused();
