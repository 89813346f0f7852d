// What the clients of both TypeScript SDKs share: registrations and tokens in memory, a page that
// the browser comes back to, and what they do. Standard output has a line for the URL that a person
// has to open, and one for what came of it.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

export const task = JSON.parse(process.argv[2]);

export class Grants {
  constructor(port) {
    this.redirectUrl = `http://127.0.0.1:${port}/callback`;
    this.clientMetadata = {
      client_name: task.name ?? 'ts-client',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: task.method ?? 'none',
    };
    this.opened = 0;
  }
  state() { return (this.wanted = randomUUID()); }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.granted; }
  saveTokens(tokens) { this.granted = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  saveDiscoveryState(found) { this.found = found; }
  discoveryState() { return this.found; }
  invalidateCredentials() { this.granted = undefined; }
  redirectToAuthorization(url) {
    this.opened += 1;
    console.log(JSON.stringify({ open: url.href }));
  }
}

// The grants, and a promise of the query that the browser brings.
export async function callback() {
  let arrived;
  const query = new Promise((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    response.end(url.pathname === '/callback' ? 'You may go back.' : '');
    if (url.pathname === '/callback') arrived(url.searchParams);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { grants: new Grants(server.address().port), query, stop: () => server.close() };
}

// `connect` makes a client that is connected or throws; `finish` gives the query to its transport.
export async function authorize({ connect, finish, Unauthorized }) {
  const { grants, query, stop } = await callback();
  const said = {};
  const { client, transport, error } = await connect(grants);
  if (!(error instanceof Unauthorized)) throw error ?? new Error('it was let in without a token');
  await client.close();
  const came = await query;
  stop();
  said.state = came.get('state') === grants.wanted;
  said.issuer = came.get('iss');
  said.refused = came.get('error');
  if (said.refused === null) {
    await finish(transport, came);
    const text = async (made) => {
      if (made.error) throw made.error;
      const result = await made.client.callTool({ name: 'who', arguments: {} });
      await made.client.close();
      return result.content[0].text;
    };
    said.who = await text(await connect(grants));
    const first = grants.granted;
    said.scope = first.scope ?? null;
    grants.granted = { ...first, access_token: 'no-longer-valid' };
    if (first.refresh_token) said.again = await text(await connect(grants));
    said.rotated = (grants.granted.refresh_token ?? null) !== (first.refresh_token ?? null);
  }
  said.opened = grants.opened;
  said.client = grants.client;
  console.log(JSON.stringify({ done: said }));
  process.exit(0);
}
