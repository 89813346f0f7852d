// What the tasks of the official TypeScript SDK 1.x see of a server, as one JSON document.
// `node ts_tasks.mjs stdio COMMAND…` or `node ts_tasks.mjs http URL`.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const [kind, ...target] = process.argv.slice(2);
const transport =
  kind === 'http'
    ? new StreamableHTTPClientTransport(new URL(target[0]))
    : new StdioClientTransport({ command: target[0], args: target.slice(1) });

const client = new Client({ name: 'ts-tasks', version: '1.0' }, { capabilities: { elicitation: {} } });
const questions = [];
client.setRequestHandler(ElicitRequestSchema, (request) => {
  const task = request.params._meta?.['io.modelcontextprotocol/related-task']?.taskId;
  questions.push({ message: request.params.message, task });
  return { action: 'accept', content: { value: 'B7' } };
});
await client.connect(transport);
const tasks = client.experimental.tasks;

// The messages of a stream, those that repeat the one before left out.
async function follow(name, args = {}) {
  const seen = { id: undefined, heard: [] };
  for await (const message of tasks.callToolStream({ name, arguments: args })) {
    seen.id ??= message.task?.taskId;
    const word = message.type === 'taskStatus' ? message.task.status : message.type;
    if (word !== seen.heard.at(-1)) seen.heard.push(word);
    seen.text ??= message.result?.content[0].text;
    seen.error ??= message.error?.message;
  }
  return seen;
}

const refusal = async (promise) => promise.then(() => null, (error) => error.code);

const { tools } = await client.listTools();
const support = Object.fromEntries(tools.map((tool) => [tool.name, tool.execution?.taskSupport]));
const index = await follow('index', { pages: 3 });
const result = await tasks.getTaskResult(index.id, CallToolResultSchema);
const ended = await tasks.getTask(index.id);
const shelve = await follow('shelve');
const fail = await follow('fail');
const failure = await tasks.getTaskResult(fail.id, CallToolResultSchema);

const stream = tasks.callToolStream({ name: 'wait', arguments: {} });
const waiting = (await stream.next()).value.task;
const cancelled = await tasks.cancelTask(waiting.taskId);
const left = [];
for await (const message of stream) left.push(message.task?.status ?? message.type);

const listed = (await tasks.listTasks()).tasks.map((task) => task.taskId);
const ids = [index.id, shelve.id, fail.id, waiting.taskId];

console.log(
  JSON.stringify({
    offers: client.getServerCapabilities().tasks.requests.tools,
    support,
    index: { heard: index.heard, text: index.text },
    again: result.content[0].text,
    related: result._meta['io.modelcontextprotocol/related-task'].taskId === index.id,
    ended: ended.status,
    shelve: { heard: shelve.heard, text: shelve.text },
    asked: questions.map(({ message, task }) => [message, task === shelve.id]),
    fail: { heard: fail.heard, isError: failure.isError, text: failure.content[0].text },
    cancelled: cancelled.status,
    left,
    listed: ids.every((id) => listed.includes(id)) && listed.length === ids.length,
    twice: await refusal(tasks.cancelTask(waiting.taskId)),
    unknown: await refusal(tasks.getTask('no-such-task')),
    none: await refusal(tasks.getTaskResult(waiting.taskId, CallToolResultSchema)),
    unasked: (await client.callTool({ name: 'index', arguments: { pages: 1 } })).content[0].text,
  }),
);
await client.close();
