// A call as it goes on: its progress, its logs, what came of it.

import { button, el, fill } from '../dom.js';
import { cancel } from '../calls.js';
import { failure } from '../results.js';
import { jsonView } from '../json_view.js';
import { go } from '../go.js';
import { on } from '../state.js';
import { textOf } from '../log_text.js';
import { duration } from '../units.js';

const MOST_LOGS = 200;
const ENDED = { done: 'Done', failed: 'Failed', cancelled: 'Cancelled' };
const TONES = { Done: 'good', Failed: 'bad', 'Tool error': 'bad', Cancelled: '' };

/** Shows the call that it is given last; `draw(result)` makes the parts of a result. */
export function callPanel() {
  let call = null;
  let draw = null;
  let drawnLogs = 0;
  let timer = 0;

  // Only texts change while it runs: a button that was made anew could not be pressed.
  const title = el('span');
  const tag = el('span');
  const stop = button('Cancel', () => cancel(call), { class: 'small' });
  const messages = button('', () => go('messages', call.requests.at(-1)), { class: 'quiet small' });
  const progress = el('div.progress');
  const logs = el('ol.calllogs');
  const body = el('div.resultbody', { 'aria-live': 'polite' });
  const head = el('div.heading', {}, el('h3', {}, title, tag), stop, messages);
  const node = el('section.outcome', { 'aria-label': 'What came of it' });

  function update() {
    if (!call) return;
    const running = call.status === 'running';
    title.textContent = running ? (call.task ? `Task ${call.task.status}` : 'Running') : 'Result';
    tag.className = `tag ${running ? 'busy' : TONES[outcome()]}`;
    tag.textContent = running ? duration(elapsed()) : `${outcome()} · ${duration(elapsed())}`;
    stop.hidden = !running;
    messages.hidden = !call.requests.length;
    messages.textContent =
      call.requests.length > 1 ? `${call.requests.length} requests` : 'Messages';
    fill(progress, running && (progressBar(call.progress) ?? call.task?.statusMessage));
    showLogs();
    clearTimeout(timer);
    if (running) timer = setTimeout(update, 200);
    else if (!body.childElementCount) {
      fill(body, parts());
      node.scrollIntoView({ block: 'nearest' });
    }
  }
  const outcome = () => (call.result?.isError ? 'Tool error' : ENDED[call.status]);
  const elapsed = () => {
    if (call.status === 'running') return Date.now() - call.begun;
    const only = call.requests.length === 1 ? call.requests[0].took : undefined;
    return only ?? call.took;
  };
  function showLogs() {
    logs.hidden = !call.logs.length;
    const fresh = call.logs.slice(Math.max(drawnLogs, call.logs.length - MOST_LOGS));
    drawnLogs = call.logs.length;
    for (const { level, data } of fresh) {
      if (logs.childElementCount === MOST_LOGS) logs.firstChild.remove();
      logs.append(el(`li.level-${level}`, {}, el('span.level', {}, level), textOf(data)));
    }
    if (fresh.length) logs.scrollTop = logs.scrollHeight;
  }
  /** What cannot be shown as it should is shown as it came. */
  function parts() {
    if (call.failure) return failure(call.failure);
    if (call.status !== 'done') return el('p.empty', {}, 'It was cancelled.');
    try {
      return draw(call.result).flat(Infinity);
    } catch (error) {
      return [
        el('p.banner.bad', {}, `This is no result as the protocol has it: ${error.message}`),
        jsonView(call.result, { depth: 4 }),
      ];
    }
  }
  on('calls messages', update, node);
  return {
    node,
    show(next, drawing) {
      [call, draw, drawnLogs] = [next, drawing, 0];
      fill(logs);
      fill(body);
      fill(node, head, progress, logs, body);
      update();
      node.scrollIntoView({ block: 'nearest' });
    },
  };
}

function progressBar(given) {
  if (!given) return null;
  const { progress, total, message } = given;
  const known = typeof total === 'number' && total > 0;
  return [
    el(
      'progress',
      known
        ? { max: total, value: progress, 'aria-label': 'Progress' }
        : { 'aria-label': 'Progress' },
    ),
    el(
      'span',
      {},
      known ? `${Math.round((progress / total) * 100)} %` : `${progress}`,
      message ? ` · ${message}` : '',
    ),
  ];
}
