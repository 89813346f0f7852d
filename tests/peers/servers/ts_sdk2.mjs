// The offers, made with the official TypeScript SDK 2.x.
// `node ts_sdk2.mjs` serves stdio; with `http PORT` it serves streamable HTTP at /mcp, in sessions
// to clients of the handshake.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import {
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node';
import {
  McpServer,
  ResourceTemplate,
  completable,
  createMcpHandler,
  inputRequired,
  inputResponse,
  isLegacyRequest,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

import { CAPABILITIES, CAPITAL, COLOUR, offer, told } from './offers.mjs';

let handler; // of requests without a session, once there is one

// Asks once, and gives what `answer` makes of the answer; the SDK asks clients of either era.
function asking(request, answer) {
  return ({ mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'asked');
    if (given.kind === 'missing') return inputRequired({ inputRequests: { asked: request } });
    return told(answer(given));
  };
}

const sdk = {
  z,
  completable,
  ResourceTemplate,
  arguments: (shape) => z.object(shape),
  told: ({ mcpReq }) => ({
    notify: mcpReq.notify,
    progressToken: mcpReq._meta?.progressToken,
    signal: mcpReq.signal,
  }),
  user: asking(
    inputRequired.elicit({ message: 'Which colour?', requestedSchema: COLOUR }),
    ({ action, content }) => (action === 'accept' ? `accept: ${content.value}` : action),
  ),
  model: asking(inputRequired.createMessage(CAPITAL), ({ result }) => `model: ${result.content.text}`),
  roots: asking(inputRequired.listRoots(), ({ roots }) => roots.map((root) => root.uri).join(' ')),
  async change({ server, watched, era }) {
    if (era === 'modern' && handler !== undefined) {
      handler.notify.toolsChanged();
      handler.notify.promptsChanged();
      handler.notify.resourcesChanged();
      handler.notify.resourceUpdated('config://app');
      return;
    }
    await server.sendToolListChanged();
    await server.sendPromptListChanged();
    await server.sendResourceListChanged();
    const uris = era === 'modern' ? ['config://app'] : watched;
    for (const uri of uris) await server.sendResourceUpdated({ uri });
  },
};

function make({ era }) {
  const server = new McpServer({ name: 'offers', version: '1.0' }, CAPABILITIES);
  server.era = era;
  server.watched = new Set();
  offer(server, sdk);
  server.server.setRequestHandler('resources/subscribe', async ({ params }) => {
    server.watched.add(params.uri);
    return {};
  });
  return server;
}

const [kind, port] = process.argv.slice(2);
if (kind !== 'http') {
  serveStdio(make);
} else {
  handler = createMcpHandler(make, { legacy: 'reject' });
  const modern = toNodeHandler(handler);
  const sessions = new Map();
  createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined;
    if (!(await isLegacyRequest(await toWebRequest(req, body)))) {
      await modern(req, res, body);
      return;
    }
    let transport = sessions.get(req.headers['mcp-session-id']);
    if (transport === undefined) {
      transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await make({ era: 'legacy' }).connect(transport);
    }
    await transport.handleRequest(req, res, body);
  }).listen(Number(port), '127.0.0.1');
}
