// The server that is measured, on the official TypeScript SDK 2.x.
//
// app.mjs stdio
// app.mjs http [--stateless] [--json]

import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

function make() {
  const server = new McpServer({ name: 'bench', version: '1' });
  for (const name of ['add', 'second', 'third', 'fourth']) {
    server.registerTool(
      name,
      {
        description: 'Add two numbers.',
        inputSchema: z.object({ a: z.number().int(), b: z.number().int() }),
        outputSchema: z.object({ result: z.number().int() }),
      },
      async ({ a, b }) => ({
        content: [{ type: 'text', text: String(a + b) }],
        structuredContent: { result: a + b },
      }),
    );
  }
  return server;
}

async function withoutSessions(json) {
  const { createMcpHandler } = await import('@modelcontextprotocol/server');
  const { toNodeHandler } = await import('@modelcontextprotocol/node');
  return toNodeHandler(createMcpHandler(make, { responseMode: json ? 'json' : 'auto' }));
}

async function withSessions(json) {
  const { randomUUID } = await import('node:crypto');
  const { NodeStreamableHTTPServerTransport } = await import('@modelcontextprotocol/node');
  const sessions = new Map();
  return async (req, res) => {
    let transport = sessions.get(req.headers['mcp-session-id']);
    if (transport === undefined) {
      transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        enableJsonResponse: json,
        onsessioninitialized: (id) => sessions.set(id, transport),
        onsessionclosed: (id) => sessions.delete(id),
      });
      await make().connect(transport);
    }
    await transport.handleRequest(req, res);
  };
}

const [kind, ...options] = process.argv.slice(2);
if (kind === 'stdio') {
  const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
  serveStdio(make);
} else {
  const { createServer } = await import('node:http');
  const kindOf = options.includes('--stateless') ? withoutSessions : withSessions;
  const server = createServer(await kindOf(options.includes('--json')));
  server.keepAliveTimeout = 3_600_000; // clients pause as long as they like
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
