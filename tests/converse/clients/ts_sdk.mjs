// What the official TypeScript SDK 1.x gets of the tools that converse, as a JSON document.
// It speaks its newest revision only.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { Ears, LOG_LEVEL, capabilities, converse, elicited, roots, sampled, task } from './play.mjs';

const [kind, ...target] = task.server;
const transport =
  kind === 'http'
    ? new StreamableHTTPClientTransport(new URL(target[0]))
    : new StdioClientTransport({ command: target[0], args: target.slice(1) });

const ears = new Ears();
const client = new Client({ name: 'ts-sdk', version: '1.0' }, { capabilities });
client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicited(params));
client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sampled(params));
client.setRequestHandler(ListRootsRequestSchema, roots);
client.setNotificationHandler(LoggingMessageNotificationSchema, ears.log);
await client.connect(transport);
await client.setLoggingLevel(LOG_LEVEL);
const send = (params, options) => client.callTool(params, undefined, options);
await converse(task.revisions[0], send, ears);
await client.close();
