// What the official TypeScript client 2.x sees of a server, as one JSON document.
// `node ts_client.mjs MODE stdio COMMAND…`, `node ts_client.mjs MODE http URL` or the same with
// `sse`; the mode is legacy (the default of the client, no negotiation) or auto.

import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { look } from './look.mjs';

const [mode, kind, ...target] = process.argv.slice(2);
const transport =
  kind === 'http'
    ? new StreamableHTTPClientTransport(new URL(target[0]))
    : kind === 'sse'
    ? new SSEClientTransport(new URL(target[0]))
    : new StdioClientTransport({ command: target[0], args: target.slice(1) });
const options = mode === 'auto' ? { versionNegotiation: { mode } } : {};

const client = new Client({ name: 'ts-client', version: '1.0' }, options);
await client.connect(transport);
const call = (params, options) => client.callTool(params, options);
const protocol = client.getNegotiatedProtocolVersion();
console.log(JSON.stringify(await look(client, protocol, call)));
await client.close();
