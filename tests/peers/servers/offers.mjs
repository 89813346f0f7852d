// The offers, as both lines of the TypeScript SDK take them; `sdk` has what differs.

export const PIXEL = Buffer.from('\x89PNG\r\n', 'latin1').toString('base64');
const calls = new Map();

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });
const structured = (value) => ({ ...text(JSON.stringify(value)), structuredContent: value });
const from = (uri, mimeType, what) => async (at) => ({ contents: [{ uri: at.href, mimeType, ...what }] });

// `sdk` has z, completable, ResourceTemplate and: told(ctx), which gives the request's notify
// function, its progress token and its signal; user(ctx), model(ctx) and roots(ctx), which give the
// result of a tool that asks; change(server), which says that everything has changed.
export function offer(server, sdk) {
  const { z } = sdk;
  const tool = (name, description, shape, run, outputSchema) =>
    server.registerTool(name, { description, inputSchema: shape, outputSchema }, run);

  tool('add', 'Add two numbers.', { a: z.number(), b: z.number() }, async ({ a, b }) =>
    ({ ...text(a + b), structuredContent: { result: a + b } }), { result: z.number() });
  tool('echo', 'Return the text a moment later.', { text: z.string() }, async (given) => {
    await new Promise((done) => setTimeout(done, 10));
    return text(given.text);
  });
  tool('fail', 'Fail with a message that is meant for the caller.', {}, async () => {
    throw new Error('out of paper');
  });
  tool('structured', 'Return an object.', {}, async () =>
    structured({ city: 'Zürich', degrees: -3.5 }), { city: z.string(), degrees: z.number() });
  tool('mixed', 'Return a text, an image and a resource.', {}, async () => ({
    content: [
      { type: 'text', text: 'one' },
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'note://1', mimeType: 'text/plain', text: 'a note' } },
    ],
  }));
  tool('progress', 'Report `n` steps of progress.', { n: z.number() }, async ({ n }, ctx) => {
    const { notify, progressToken } = sdk.told(ctx);
    for (let step = 1; step <= n; step++) {
      const params = { progressToken, progress: step, total: n, message: `step ${step}` };
      await notify({ method: 'notifications/progress', params });
    }
    return text('done');
  });
  tool('chatter', 'Log twice.', {}, async (_, ctx) => {
    const { notify } = sdk.told(ctx);
    const log = (level, data) => notify({ method: 'notifications/message', params: { level, data } });
    await log('info', 'some news');
    await log('warning', 'a warning');
    return text('logged');
  });
  tool('ask_user', 'Ask the user for a colour.', {}, async (_, ctx) => sdk.user(ctx));
  tool('ask_model', "Ask the client's model.", {}, async (_, ctx) => sdk.model(ctx));
  tool('ask_roots', 'Ask where the client lets us work.', {}, async (_, ctx) => sdk.roots(ctx));
  tool('wait', 'Go on until somebody stops it.', { name: z.string() }, async ({ name }, ctx) => {
    const { notify, progressToken, signal } = sdk.told(ctx);
    calls.set(name, 'waiting');
    if (progressToken !== undefined) {
      await notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    }
    await new Promise((done) => signal.addEventListener('abort', done));
    calls.set(name, 'cancelled');
    return text('never');
  });
  tool('call_of', 'What became of a call of `wait`.', { name: z.string() }, async ({ name }) =>
    text(calls.get(name) ?? 'unknown'));
  tool('change', 'Say that the configuration and the lists have changed.', {}, async () => {
    await sdk.change(server);
    return text('changed');
  });

  const plain = { description: 'The configuration of the application.', mimeType: 'text/plain' };
  const config = from('config://app', 'text/plain', { text: 'debug=false' });
  server.registerResource('config', 'config://app', plain, config);
  const image = { description: 'A few bytes.', mimeType: 'image/png' };
  server.registerResource('pixel', 'pixel://red', image, from('pixel://red', 'image/png', { blob: PIXEL }));
  server.registerResource(
    'greet',
    new sdk.ResourceTemplate('greet://{name}', { list: undefined }),
    { description: 'A greeting for one person.', mimeType: 'text/plain' },
    async (uri, { name }) => ({
      contents: [{ uri: uri.href, mimeType: 'text/plain', text: `Hello, ${name}!` }],
    }),
  );
  const code = sdk.completable(z.string(), (value) => [`${value}=1`, `${value}=2`]);
  const description = 'Ask for a review of some code.';
  server.registerPrompt('review', { description, argsSchema: sdk.arguments({ code }) }, (given) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Please review: ${given.code}` } }],
  }));
}

export const told = text;
export const CAPABILITIES = {
  capabilities: {
    logging: {},
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
  },
};
export const COLOUR = {
  type: 'object',
  properties: { value: { type: 'string' } },
  required: ['value'],
};
export const CAPITAL = {
  messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
  maxTokens: 50,
};
