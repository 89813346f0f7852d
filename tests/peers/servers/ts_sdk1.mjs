// The offers, made with the official TypeScript SDK 1.x.
// `node ts_sdk1.mjs` serves stdio; with `http PORT` it serves streamable HTTP at /mcp and the older
// HTTP+SSE at /sse.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { CAPABILITIES, CAPITAL, COLOUR, offer, told } from './offers.mjs';

const sdk = {
  z,
  completable,
  ResourceTemplate,
  arguments: (shape) => shape,
  told: ({ sendNotification, signal, _meta }) => ({
    notify: sendNotification,
    progressToken: _meta?.progressToken,
    signal,
  }),
  async user({ sendRequest }) {
    const params = { message: 'Which colour?', requestedSchema: COLOUR };
    const given = await sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return told(given.action === 'accept' ? `accept: ${given.content.value}` : given.action);
  },
  async model({ sendRequest }) {
    const asked = { method: 'sampling/createMessage', params: CAPITAL };
    const given = await sendRequest(asked, CreateMessageResultSchema);
    return told(`model: ${given.content.text}`);
  },
  async roots({ sendRequest }) {
    const { roots } = await sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return told(roots.map((root) => root.uri).join(' '));
  },
  async change({ server, watched }) {
    await server.sendToolListChanged();
    await server.sendPromptListChanged();
    await server.sendResourceListChanged();
    for (const uri of watched) await server.sendResourceUpdated({ uri });
  },
};

function make() {
  const server = new McpServer({ name: 'offers', version: '1.0' }, CAPABILITIES);
  server.watched = new Set();
  offer(server, sdk);
  server.server.setRequestHandler(SubscribeRequestSchema, async ({ params }) => {
    server.watched.add(params.uri);
    return {};
  });
  return server;
}

const [kind, port] = process.argv.slice(2);
if (kind !== 'http') {
  await make().connect(new StdioServerTransport());
} else {
  const sessions = new Map();
  const older = new Map();
  createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url, 'http://localhost');
    if (pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', res);
      older.set(transport.sessionId, transport);
      await make().connect(transport);
      return;
    }
    if (pathname === '/messages') {
      await older.get(searchParams.get('sessionId')).handlePostMessage(req, res);
      return;
    }
    let transport = sessions.get(req.headers['mcp-session-id']);
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await make().connect(transport);
    }
    await transport.handleRequest(req, res);
  }).listen(Number(port), '127.0.0.1');
}
