// A call as others would write it: Python, the command line, curl.

const META = 'io.modelcontextprotocol/';
const MODERN = '2026-07-28';

/** A JSON value as Python writes it. */
export function python(value, indent = 0) {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  const open = Array.isArray(value) ? '[' : '{';
  const close = Array.isArray(value) ? ']' : '}';
  const parts = Array.isArray(value)
    ? value.map((each) => python(each, indent + 4))
    : Object.entries(value).map(
        ([name, each]) => `${JSON.stringify(name)}: ${python(each, indent + 4)}`,
      );
  const line = open + parts.join(', ') + close;
  if (line.length + indent < 80 && !line.includes('\n')) return line;
  const space = ' '.repeat(indent + 4);
  return `${open}\n${parts.map((each) => `${space}${each},\n`).join('')}${' '.repeat(indent)}${close}`;
}

/** A word as a POSIX shell takes it. */
export const quoted = (word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;

/** The words of a command line, as the inspector splits it: as a POSIX shell does, but for `$`. */
export function words(line) {
  const found = [];
  for (const [whole] of line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    found.push(
      whole.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) =>
        double !== undefined ? double.replace(/\\(["\\])/g, '$1') : (single ?? escaped),
      ),
    );
  }
  return found;
}

const METHODS = {
  'tools/call': (name, args) => [
    `call_tool(${python(name)}, ${python(args, 8)})`,
    'print(result.data)',
  ],
  'resources/read': (uri) => [`read_resource(${python(uri)})`, 'print(result)'],
  'prompts/get': (name, args) => [
    `get_prompt(${python(name)}, ${python(args, 8)})`,
    'print(result.messages)',
  ],
};

export function asPython(target, method, name, args) {
  const [call, show] = METHODS[method](name, args);
  const [imports, server, extra] = pythonTarget(target);
  return [
    'import asyncio',
    ...imports,
    '',
    `server = ${server}`,
    '',
    '',
    'async def main():',
    `    async with Client(server${extra}) as client:`,
    `        result = await client.${call}`,
    `        ${show}`,
    '',
    '',
    'asyncio.run(main())',
    '',
  ].join('\n');
}

function pythonTarget(target) {
  const mode = target.mode !== 'auto' ? `, mode=${python(target.mode)}` : '';
  if (target.transport === 'stdio') {
    const [command, ...args] = words(target.command);
    const own = Object.keys(target.env).length > 0;
    const env = target.inherits
      ? `{**os.environ${own ? `, **${python(target.env)}` : ''}}`
      : python(target.env);
    const more = [
      (own || target.inherits) && `env=${env}`,
      target.cwd && `cwd=${python(target.cwd)}`,
    ]
      .filter(Boolean)
      .map((each) => `, ${each}`)
      .join('');
    return [
      [
        ...(target.inherits ? ['import os', ''] : ['']),
        'from fastmcp import Client',
        'from fastmcp.client.transports import StdioTransport',
      ],
      `StdioTransport(${python(command)}, ${python(args)}${more})`,
      mode,
    ];
  }
  const auth =
    target.auth?.kind === 'oauth'
      ? ', auth="oauth"'
      : target.auth?.kind === 'bearer'
        ? ', auth="TOKEN"'
        : '';
  const kind = target.transport === 'sse' ? 'SSETransport' : 'StreamableHttpTransport';
  if (!Object.keys(target.headers).length && target.transport === 'http')
    return [['', 'from fastmcp import Client'], python(target.url), auth + mode];
  return [
    ['', 'from fastmcp import Client', `from fastmcp.client.transports import ${kind}`],
    `${kind}(${python(target.url)}, headers=${python(target.headers)})`,
    auth + mode,
  ];
}

export function asCommand(target, method, name, args) {
  const server =
    target.transport !== 'stdio'
      ? [
          target.url,
          ...(target.transport === 'sse' ? ['--transport', 'sse'] : []),
          ...Object.entries(target.headers).flatMap(([key, value]) => [
            '--header',
            `${key}: ${value}`,
          ]),
        ]
      : target.spec
        ? [target.spec]
        : ['--command', withVariables(target)];
  if (target.auth?.kind === 'bearer') server.push('--auth', 'TOKEN');
  if (target.auth?.kind === 'oauth') server.push('--auth', 'oauth');
  const given = Object.keys(args).length ? ['--input-json', JSON.stringify(args)] : [];
  const verb = { 'tools/call': 'call', 'resources/read': 'read', 'prompts/get': 'prompt' }[method];
  const line = ['fastmcp', verb, ...server, name, ...given].map(quoted).join(' ');
  return target.transport === 'stdio' && target.cwd ? `cd ${quoted(target.cwd)} && ${line}` : line;
}

/** The command, given its variables by `env` of POSIX. */
function withVariables({ command, env }) {
  const variables = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`));
  return variables.length ? ['env', ...variables, command].join(' ') : command;
}

/** The value of a header that repeats one of the body. */
function headerValue(value) {
  const text = String(value);
  if (/^[\t -~]*$/.test(text) && text === text.trim() && !/^=\?base64\?.*\?=$/.test(text))
    return text;
  const bytes = new TextEncoder().encode(text);
  return `=?base64?${btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(''))}?=`;
}

/** The headers that repeat arguments, as a tool's schema says by `x-mcp-header`. */
function mirrored(schema, args) {
  return Object.entries(schema?.properties ?? {}).reduce((found, [name, each]) => {
    const value = args?.[name];
    if (value === undefined || value === null) return found;
    const header = each?.['x-mcp-header'];
    return header
      ? { ...found, [`Mcp-Param-${header}`]: headerValue(value) }
      : { ...found, ...mirrored(each, value) };
  }, {});
}

/** The requests over HTTP; null for a server that is reached otherwise. */
export function asCurl(target, protocol, method, name, args, schema) {
  if (target.transport !== 'http') return null;
  const params = method === 'resources/read' ? { uri: name } : { name, arguments: args };
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': protocol,
    ...target.headers,
  };
  if (target.auth?.kind && target.auth.kind !== 'none') headers.Authorization = 'Bearer $TOKEN';
  if (protocol >= MODERN) {
    const _meta = {
      [`${META}protocolVersion`]: protocol,
      [`${META}clientInfo`]: { name: 'curl', version: '1' },
      [`${META}clientCapabilities`]: {},
    };
    return post(
      target.url,
      {
        ...headers,
        'Mcp-Method': method,
        'Mcp-Name': headerValue(name),
        ...mirrored(schema, args),
      },
      { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } },
    );
  }
  const { 'MCP-Protocol-Version': _, ...first } = headers;
  const begin = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: protocol,
      capabilities: {},
      clientInfo: { name: 'curl', version: '1' },
    },
  };
  const session = { ...headers, 'Mcp-Session-Id': '$SESSION' };
  return [
    '# The session that the server names in the header Mcp-Session-Id:',
    `SESSION=$(${post(target.url, first, begin, ' -D - -o /dev/null')} | sed -n 's/^mcp-session-id: *//Ip' | tr -d '\\r')`,
    post(target.url, session, { jsonrpc: '2.0', method: 'notifications/initialized' }),
    post(target.url, session, { jsonrpc: '2.0', id: 1, method, params }),
  ].join('\n\n');
}

function post(url, headers, body, options = '') {
  const lines = Object.entries(headers).map(
    ([name, value]) =>
      `  -H ${/^(Bearer )?\$[A-Z]+$/.test(value) ? `"${name}: ${value}"` : quoted(`${name}: ${value}`)}`,
  );
  return [
    `curl -sN${options} ${quoted(url)}`,
    ...lines,
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n');
}
