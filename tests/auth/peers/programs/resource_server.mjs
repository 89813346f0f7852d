// A server of the official TypeScript SDK 1.x whose tokens another issues, as JWTs: what it reads
// from standard input, as JSON: { port, issuer }.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const express = createRequire(import.meta.url)('express');
const { port, issuer } = JSON.parse(readFileSync(0, 'utf8'));
const url = new URL(`http://127.0.0.1:${port}/mcp`);
const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));

const verifier = {
  async verifyAccessToken(token) {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: url.href, typ: 'at+jwt' });
      const scopes = (payload.scope ?? '').split(' ').filter(Boolean);
      const { client_id: clientId, exp: expiresAt, sub } = payload;
      return { token, clientId, scopes, expiresAt, resource: url, extra: { sub } };
    } catch (error) {
      throw new InvalidTokenError(error.message);
    }
  },
};
const app = express();
app.use(express.json());
app.use(
  mcpAuthMetadataRouter({
    oauthMetadata,
    resourceServerUrl: url,
    scopesSupported: ['read'],
    resourceName: 'theirs',
  }),
);
const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(url);
const guard = requireBearerAuth({ verifier, requiredScopes: ['read'], resourceMetadataUrl });
app.post('/mcp', guard, async (request, response) => {
  const server = new McpServer({ name: 'theirs', version: '1.0' });
  server.registerTool('who', { description: 'Who calls.' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: `${authInfo.extra.sub} by ${authInfo.scopes.join(' ')}` }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(port, '127.0.0.1');
