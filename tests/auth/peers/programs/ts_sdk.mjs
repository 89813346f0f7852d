// The official TypeScript SDK 1.x is authorized by a server, and calls its tool `who`.

import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { authorize, task } from './grants.mjs';

await authorize({
  Unauthorized: UnauthorizedError,
  finish: (transport, query) => transport.finishAuth(query.get('code')),
  connect: async (authProvider) => {
    const client = new Client({ name: 'ts-sdk', version: '1.0' });
    const transport = new StreamableHTTPClientTransport(new URL(task.url), { authProvider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      return { client, transport, error };
    }
  },
});
