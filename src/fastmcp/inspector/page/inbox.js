// Takes the events of the stream, and keeps what is known up to date.

import { changed, state } from './state.js';
import { parse } from './json.js';
import { settle } from './calls.js';
import { loadLists, reloadList } from './lists.js';

const MOST = 20000;
const waiting = new Map();
const parsed = new WeakMap();
let replaying = true;
export let lastSeen = 0;

/** The message as an object; null if it is not JSON, or was cut. */
export function bodyOf(message) {
  if (!parsed.has(message)) {
    let body = null;
    try {
      body = parse(message.text);
    } catch {
      body = null;
    }
    parsed.set(message, body);
  }
  return parsed.get(message);
}

/** A new stream begins: what comes until its snapshot has happened before. */
export function beginReplay() {
  replaying = true;
}

export function hear(event, members) {
  if (members.seq) lastSeen = members.seq;
  try {
    TAKERS[event]?.(members);
  } catch (error) {
    console.error(event, members, error); // one that cannot be read shall not hide the others
  }
}

const TAKERS = {
  message(message) {
    keep(state.messages, message, 'messages');
    pair(message);
    if (message.kind === 'notification' && message.direction === 'received')
      takeNotification(message);
    if (message.kind === 'error')
      note(message, bodyOf(message)?.error?.message ?? 'An error', 'JSON-RPC error');
    if (message.kind === 'unreadable')
      note(message, message.text.slice(0, 300), 'No message of JSON-RPC');
    if (message.kind === 'response' && message.text.includes('"isError":true')) {
      const result = bodyOf(message)?.result;
      if (result?.isError)
        note(
          message,
          result.content?.find((each) => each.type === 'text')?.text ?? 'The tool failed',
          'Tool error',
        );
    }
  },
  connection(connection) {
    if (connection.status === 'failed' || connection.status === 'lost') {
      keep(
        state.errors,
        {
          at: connection.at,
          what: 'Connection',
          text: connection.error.message,
          failure: connection.error,
        },
        'errors',
      );
    }
    if (!replaying) takeConnection(connection);
  },
  snapshot(snapshot) {
    replaying = false;
    Object.assign(state, {
      given: snapshot.given,
      watched: snapshot.watched,
      roots: snapshot.roots,
    });
    state.questions = new Map(snapshot.questions.map((each) => [each.id, each]));
    const running = new Set(snapshot.calls);
    for (const call of state.calls.values()) {
      if (call.status === 'running' && !running.has(call.id))
        settle({
          call: call.id,
          error: {
            kind: 'Dropped',
            message: 'What came of it is not known: more has happened than is kept',
          },
        });
    }
    takeConnection(snapshot.connection);
    changed('questions');
    changed('roots');
    changed('given');
  },
  question({ question, at }) {
    if (replaying) return;
    state.questions.set(question.id, { ...question, at });
    changed('questions');
  },
  answered({ id }) {
    if (state.questions.delete(id)) changed('questions');
  },
  result(result) {
    if (!replaying || state.calls.has(result.call)) settle(result);
  },
  task({ task, call, at }) {
    const before = state.tasks.get(task.taskId);
    state.tasks.set(task.taskId, { ...before, ...task, call: call ?? before?.call, at });
    if (call && state.calls.has(call)) {
      state.calls.get(call).task = task;
      changed('calls');
    }
    changed('tasks');
  },
  stderr(line) {
    keep(state.output, line, 'output');
  },
  note(line) {
    keep(state.output, { ...line, line: line.text, ours: true }, 'output');
  },
  failed(failure) {
    keep(
      state.errors,
      { at: failure.at, what: 'Transport', text: failure.error.message, failure: failure.error },
      'errors',
    );
    const request = waiting.get(keyOf('sent', failure));
    if (request) request.failure = failure;
    changed('messages');
  },
  'hung-up'(given) {
    const request = waiting.get(keyOf('sent', given));
    if (request) request.hungUp = given.at;
    changed('messages');
  },
};

function keep(list, item, topic) {
  list.push(item);
  if (list.length > MOST + 1000) list.splice(0, list.length - MOST);
  changed(topic);
}

function note(message, text, what) {
  keep(state.errors, { at: message.at, what, text, message }, 'errors');
}

// Requests and their answers

const keyOf = (direction, message) =>
  `${message.connection} ${direction} ${JSON.stringify(message.id)}`;

function pair(message) {
  if (message.kind === 'request') {
    waiting.set(keyOf(message.direction, message), message);
    if (message.call) state.calls.get(message.call)?.requests.push(message);
    return;
  }
  if (message.kind !== 'response' && message.kind !== 'error') return;
  const key = keyOf(message.direction === 'sent' ? 'received' : 'sent', message);
  const request = waiting.get(key);
  if (!request) return;
  waiting.delete(key);
  request.pair = message;
  message.pair = request;
  message.method = request.method;
  message.took = request.took = message.at - request.at;
}

// Notifications

function takeNotification(message) {
  const { method } = message;
  const params = bodyOf(message)?.params ?? {};
  if (method === 'notifications/message') {
    const log = {
      at: message.at,
      level: params.level,
      logger: params.logger,
      data: params.data,
      message,
    };
    keep(state.logs, log, 'logs');
    const call = callOf(message, message.related) ?? onlyCall();
    if (call) {
      call.logs.push(log);
      changed('calls');
    }
  } else if (method === 'notifications/progress') {
    const call = callOf(message, params.progressToken);
    if (call) {
      call.progress = params;
      changed('calls');
    }
  } else if (replaying) {
    return;
  } else if (method === 'notifications/resources/updated') {
    state.updated.set(params.uri, message.at);
    changed('updated');
  } else if (method.endsWith('/list_changed')) {
    reloadList(method.split('/')[1]);
  }
}

function callOf(message, id) {
  if (id === undefined || id === null) return null;
  const name = waiting.get(keyOf('sent', { connection: message.connection, id }))?.call;
  return name ? (state.calls.get(name) ?? null) : null;
}

function onlyCall() {
  const running = [...state.calls.values()].filter(
    (call) => call.status === 'running' && !call.quiet,
  );
  return running.length === 1 ? running[0] : null;
}

// The connection

function takeConnection(connection) {
  const before = state.connection;
  state.connection = connection;
  if (connection.number !== before.number) {
    state.subscribed.clear();
    state.updated.clear();
    state.tasks.clear();
    state.level = '';
    changed('tasks');
  }
  changed('connection');
  if (
    connection.status === 'open' &&
    (before.status !== 'open' || before.number !== connection.number)
  )
    loadLists();
}
