// Tasks: those that were begun here, and those that the server lists.

import { begin } from '../calls.js';
import { button, el, fill, tell } from '../dom.js';
import { changed, hasTasks, isModern, isOpen, on, state } from '../state.js';
import { clock } from '../units.js';
import { failure, toolResult } from '../results.js';

const ENDED = new Set(['completed', 'failed', 'cancelled']);
const TONES = { completed: 'good', failed: 'bad', working: 'busy', input_required: 'busy' };

export function tasksView() {
  const rows = el('tbody');
  const outcome = el('section.outcome', { 'aria-live': 'polite' });
  const empty = el('p.empty.large');
  const table = el(
    'table',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        ['Task', 'Status', 'Says', 'Changed', ''].map((each) => el('th', { scope: 'col' }, each)),
      ),
    ),
    rows,
  );
  const list = button(
    'List the server’s',
    async () => {
      try {
        const { tasks } = await begin('tasks', {}, { quiet: true }).done;
        for (const task of tasks)
          state.tasks.set(task.taskId, {
            ...state.tasks.get(task.taskId),
            ...task,
            at: Date.now(),
          });
        changed('tasks');
        if (!tasks.length) tell('The server lists no tasks');
      } catch (error) {
        tell(error.message);
      }
    },
    { class: 'small' },
  );
  const node = el(
    'article.detail.wide',
    {},
    el('header.heading', {}, el('h2', {}, 'Tasks'), list),
    table,
    empty,
    outcome,
  );

  async function follow(task) {
    fill(outcome, el('p.empty', {}, `Waiting for ${task.taskId}…`));
    try {
      const result = await begin('follow-task', { task: task.taskId }, { quiet: true }).done;
      fill(outcome, el('h3', {}, task.taskId), toolResult(result));
    } catch (error) {
      fill(outcome, el('h3', {}, task.taskId), failure(error.failure));
    }
  }
  async function stop(task) {
    try {
      await begin('cancel-task', { task: task.taskId }, { quiet: true }).done;
      state.tasks.set(task.taskId, { ...state.tasks.get(task.taskId), status: 'cancelled' });
      changed('tasks');
    } catch (error) {
      tell(error.message);
    }
  }
  function update() {
    const tasks = [...state.tasks.values()].reverse();
    table.hidden = !tasks.length;
    list.hidden = !isOpen() || !hasTasks() || isModern();
    empty.hidden = tasks.length > 0;
    empty.textContent =
      isOpen() && !hasTasks()
        ? 'This server has no tasks.'
        : 'Calls that run as tasks appear here.';
    fill(
      rows,
      tasks.map((task) =>
        el(
          'tr',
          {},
          el('td', {}, el('code', {}, task.taskId)),
          el(
            'td',
            {},
            el(`span.tag.${TONES[task.status] ?? 'plain'}`, {}, task.status.replace('_', ' ')),
          ),
          el('td', {}, task.statusMessage ?? ''),
          el('td.time', {}, clock(task.at)),
          el(
            'td.acts',
            {},
            button('Result', () => follow(task), { class: 'small' }),
            !ENDED.has(task.status) && button('Cancel', () => stop(task), { class: 'small' }),
          ),
        ),
      ),
    );
  }
  on('tasks connection', update);
  return { node, update };
}
