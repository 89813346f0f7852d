// What this page asks the server for.

import { act } from './api.js';
import { changed, isOpen, state } from './state.js';
import { tell } from './dom.js';

const tab = Math.random().toString(36).slice(2, 8);
let last = 0;

/** An error of the server's, or of the way to it, as the inspector describes it. */
export class Failed extends Error {
  constructor(failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * Begin an action whose result comes later. The call has a `status` ("running", "done", "failed",
 * "cancelled"), its `requests`, `progress`, `logs` and `task` as they come, then `result` or
 * `failure`; `done` is a promise of the result.
 */
export function begin(action, body, { quiet = false, ...members } = {}) {
  const call = {
    id: `${tab}-${++last}`,
    action,
    body,
    quiet,
    status: 'running',
    begun: Date.now(),
    requests: [],
    logs: [],
    progress: null,
    task: null,
    ...members,
  };
  call.done = new Promise((resolve, reject) => Object.assign(call, { resolve, reject }));
  call.done.catch(() => {}); // whoever shows the call sees that it failed
  state.calls.set(call.id, call);
  changed('calls');
  call.taken = act(action, { call: call.id, ...body }).catch((error) =>
    settle({ call: call.id, error: { kind: 'Refused', message: error.message } }),
  );
  return call;
}

/** Whether something can be asked for; whoever wanted to is told where not. */
export function connected() {
  if (!isOpen()) tell('No server is connected');
  return isOpen();
}

/** A request of the protocol. */
export const request = (method, params = {}, options = {}) => {
  const { timeout, asTask, ttl, ...others } = options;
  const body = { method, params };
  if (timeout) body.timeout = timeout;
  if (asTask) Object.assign(body, { asTask, ttl: ttl ?? null });
  return begin('request', body, others);
};

/** The result of a request that nobody looks at. */
export const ask = (method, params) => request(method, params, { quiet: true }).done;

/** Give a call up; not before the inspector knows of it. */
export async function cancel(call) {
  await call.taken;
  if (call.task) begin('cancel-task', { task: call.task.taskId }, { quiet: true });
  else act('cancel', { call: call.id });
}

/** The result of a call has come. */
export function settle({ call: id, result, error, cancelled }) {
  const call = state.calls.get(id);
  if (!call || call.status !== 'running') return;
  call.took = Date.now() - call.begun;
  if (cancelled || call.task?.status === 'cancelled') {
    call.status = 'cancelled';
    call.reject(new Failed({ kind: 'Cancelled', message: 'Cancelled' }));
  } else if (error) {
    Object.assign(call, { status: 'failed', failure: error });
    call.reject(new Failed(error));
  } else {
    Object.assign(call, { status: 'done', result });
    call.resolve(result);
  }
  if (call.quiet) state.calls.delete(id);
  changed('calls');
}
