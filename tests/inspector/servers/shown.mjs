// What an inspector shows in a way of its own, by a server made with the official TypeScript SDK:
// a form with a field of each kind, an interface, a page to visit, and the level of logs.

import { McpServer, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const PAGE = `<!doctype html><p id=city>-</p><script>
addEventListener('message', ({ data }) => {
  if (data.id === 1) parent.postMessage({ jsonrpc: '2.0', method: 'ui/notifications/initialized' }, '*');
  if (data.method === 'ui/notifications/tool-input') city.textContent = 'It is ' + data.params.arguments.city;
});
const params = { protocolVersion: '2026-01-26', appInfo: { name: 'a', version: '1' }, appCapabilities: {} };
parent.postMessage({ jsonrpc: '2.0', id: 1, method: 'ui/initialize', params }, '*');
</script>`;
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const form = z.object({
  name: z.string().min(2).describe('Who you are'),
  age: z.number().int().min(0),
  ratio: z.number().default(0.5),
  active: z.boolean().optional(),
  size: z.enum(['S', 'M']).default('M'),
  fixed: z.literal('always'),
  email: z.email().optional(),
  day: z.iso.date().optional(),
  tags: z.array(z.string()).optional(),
  address: z.object({ street: z.string(), zip: z.string().regex(/^\d{5}$/) }),
  either: z.union([z.string(), z.number()]).optional(),
  none: z.string().nullable(),
  extra: z.record(z.string(), z.number()).optional(),
});

function make() {
  const capabilities = { capabilities: { logging: {} } };
  const server = new McpServer({ name: 'shown', version: '1.0' }, capabilities);
  const tool = (name, config, run) => server.registerTool(name, config, run);
  tool('form', { description: 'Give back what was given.', inputSchema: form }, async (given) =>
    text(`given ${JSON.stringify(given)}`));
  tool('visit', { description: 'Ask for a visit of a page.', inputSchema: z.object({}) }, async (_, { mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'asked');
    if (given.kind !== 'missing') return text(`told ${given.action}`);
    const asked = { message: 'Pay there', url: 'https://pay.example/1', elicitationId: '1' };
    return inputRequired({ inputRequests: { asked: inputRequired.elicitUrl(asked) } });
  });
  tool('talk', { description: 'Log once at each of two levels.', inputSchema: z.object({}) }, async (_, ctx) => {
    await ctx.mcpReq.log('debug', 'a detail');
    await ctx.mcpReq.log('error', 'a fault');
    return text('talked');
  });
  const _meta = { ui: { resourceUri: 'ui://city' } };
  tool('city', { description: 'Show a city.', inputSchema: z.object({ city: z.string() }), _meta }, async () =>
    text('shown'));
  const mimeType = 'text/html;profile=mcp-app';
  server.registerResource('page', 'ui://city', { mimeType }, async (uri) => ({
    contents: [{ uri: uri.href, mimeType, text: PAGE }],
  }));
  return server;
}

serveStdio(make);
