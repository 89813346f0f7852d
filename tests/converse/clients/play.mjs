// What the TypeScript programs here do with the tools that converse; it knows neither SDK.
// The task is the JSON document that is their only argument; see play.py.

import { setTimeout as sleep } from 'node:timers/promises';

export const task = JSON.parse(process.argv[2]);
export const LOG_LEVEL = 'info';
const OPTIONS = { timeout: 20_000 };
const POLLS = 500;

// The user's answer to a form.
export function elicited(params) {
  return { action: 'accept', content: task.contents[params.message] };
}

// The model's answer: it uses a tool once, when it has one, and tells what that gave.
export function sampled(params) {
  const answer = (content, stopReason) => ({ role: 'assistant', model: 'm', content, stopReason });
  const last = [params.messages.at(-1).content].flat()[0];
  if (last.type === 'tool_result') {
    return answer({ type: 'text', text: `The sum is ${last.content[0].text}.` }, 'endTurn');
  }
  if (params.tools) {
    const { name } = params.tools[0];
    return answer([{ type: 'tool_use', id: '1', name, input: task.uses[last.text] }], 'toolUse');
  }
  return answer({ type: 'text', text: task.said[last.text] }, 'endTurn');
}

// Where the server may work.
export const roots = () => ({ roots: task.roots.map((uri) => ({ uri })) });

// What the client declares.
export const capabilities = { elicitation: {}, sampling: { tools: {} }, roots: {} };

// What a client hears besides answers.
export class Ears {
  logs = [];
  steps = [];
  log = ({ params }) => this.logs.push([params.level, params.data.msg]);
  progress = ({ progress, total, message }) =>
    this.steps.push([progress, total ?? null, message ?? null]);
}

// Uses every tool once and prints what came of it; `send(params, options)` calls a tool.
export async function converse(revision, send, ears) {
  const call = async (name, args = {}, options = {}) => {
    try {
      const result = await send({ name, arguments: args }, { ...OPTIONS, ...options });
      const { text } = result.content[0];
      return result.isError ? { refused: text } : text;
    } catch (error) {
      return { refused: error.message };
    }
  };
  const stateOf = async (name, wanted, polls) => {
    let state;
    for (let poll = 0; poll < polls; poll++) {
      state = await call('call_of', { name });
      if (state === wanted) break;
      await sleep(10);
    }
    return state;
  };

  const said = {};
  for (const tool of task.asking) said[tool] = await call(tool);
  const state = [await call('remember', { key: 'n', value: 7 }), await call('recall', { key: 'n' })];
  const counted = await call('count', {}, { onprogress: ears.progress });
  const spoken = [counted, await call('chatter')];
  const name = `${task.caller} ${revision}`;
  const patience = new AbortController();
  const waiting = call('wait', { name }, { signal: patience.signal });
  const reached = [await stateOf(name, 'waiting', POLLS)];
  patience.abort();
  await waiting;
  const polls = task.stoppable.includes(revision) ? POLLS : 1;
  reached.push(await stateOf(name, 'cancelled', polls));
  const { steps, logs } = ears;
  console.log(JSON.stringify({ revision, said, state, spoken, reached, steps, logs }));
}
