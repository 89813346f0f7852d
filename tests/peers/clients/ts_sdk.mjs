// What the official TypeScript SDK 1.x sees of a server, as one JSON document.
// `node ts_sdk.mjs MODE stdio COMMAND…`, `node ts_sdk.mjs MODE http URL` or the same with `sse`; the
// mode is always legacy.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { look } from './look.mjs';

const [, kind, ...target] = process.argv.slice(2);
const transport =
  kind === 'http'
    ? new StreamableHTTPClientTransport(new URL(target[0]))
    : kind === 'sse'
    ? new SSEClientTransport(new URL(target[0]))
    : new StdioClientTransport({ command: target[0], args: target.slice(1) });

// This line of the SDK tells the negotiated version to the transport only.
let protocol;
const announce = transport.setProtocolVersion?.bind(transport);
transport.setProtocolVersion = (version) => {
  protocol = version;
  announce?.(version);
};

const client = new Client({ name: 'ts-sdk', version: '1.0' });
await client.connect(transport);
const call = (params, options) => client.callTool(params, undefined, options);
console.log(JSON.stringify(await look(client, protocol, call)));
await client.close();
