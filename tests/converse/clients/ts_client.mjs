// What the official TypeScript client 2.x gets of the tools that converse, a JSON document a
// revision.

import {
  Client,
  LOG_LEVEL_META_KEY,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { Ears, LOG_LEVEL, capabilities, converse, elicited, roots, sampled, task } from './play.mjs';

const [kind, ...target] = task.server;

for (const revision of task.revisions) {
  const modern = revision >= '2026';
  const transport =
    kind === 'http'
      ? new StreamableHTTPClientTransport(new URL(target[0]))
      : new StdioClientTransport({ command: target[0], args: target.slice(1) });
  const versions = modern
    ? { versionNegotiation: { mode: 'auto' } }
    : { supportedProtocolVersions: [revision] };

  const ears = new Ears();
  const client = new Client({ name: 'ts-client', version: '1.0' }, { capabilities, ...versions });
  client.setRequestHandler('elicitation/create', ({ params }) => elicited(params));
  client.setRequestHandler('sampling/createMessage', ({ params }) => sampled(params));
  client.setRequestHandler('roots/list', roots);
  client.setNotificationHandler('notifications/message', ears.log);
  await client.connect(transport);
  const spoken = client.getNegotiatedProtocolVersion();
  if (spoken !== revision) throw new Error(`speaks ${spoken}, not ${revision}`);
  if (!modern) await client.setLoggingLevel(LOG_LEVEL);
  const _meta = modern ? { [LOG_LEVEL_META_KEY]: LOG_LEVEL } : undefined;
  const send = (params, options) => client.callTool({ ...params, _meta }, options);
  await converse(revision, send, ears);
  await client.close();
}
