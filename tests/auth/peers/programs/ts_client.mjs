// The official TypeScript client 2.x is authorized by a server, and calls its tool `who`.

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { authorize, task } from './grants.mjs';

await authorize({
  Unauthorized: UnauthorizedError,
  finish: (transport, query) => transport.finishAuth(query),
  connect: async (authProvider) => {
    const options = { versionNegotiation: { mode: 'auto' } };
    const client = new Client({ name: 'ts-client', version: '1.0' }, options);
    const transport = new StreamableHTTPClientTransport(new URL(task.url), { authProvider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      return { client, transport, error };
    }
  },
});
