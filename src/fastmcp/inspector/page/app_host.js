// The host's side of MCP Apps: JSON-RPC with the page in a sandboxed frame, by postMessage.
// https://github.com/modelcontextprotocol/ext-apps, specification of 2026-01-26.

const LATEST = '2026-01-26';
const KNOWN = new Set([LATEST, '2025-11-21']);
const METHOD_NOT_FOUND = -32601;

const asJson = (value) => JSON.parse(JSON.stringify(value));

/**
 * Speaks to the app in `frame`, which nobody else can take the place of: messages are known by the
 * window that they come from, as a sandboxed page has no origin.
 *
 * `options` are
 * - `info`, `capabilities` and `context`: what the host says of itself, and of where the app is;
 * - `requests`: by method, (async) functions of the params that give the result of an app's
 *   request; what one throws, with `code` and `data` if it has them, is the error;
 * - `notified(method, params)`: hears of the app's notifications, `ui/notifications/size-changed`
 *   and `notifications/message` among them;
 * - `traced(direction, message)`: hears of every message, "sent" or "received".
 *
 * `input()`, `result()` and `cancelled()` tell the app of its tool's call; they wait until it is
 * ready. `close()` ends it all.
 */
export class AppHost {
  #frame;
  #options;
  #ready;
  #isReady;
  #last = 0;
  #waiting = new Map();
  #hear = (event) => this.#take(event);

  constructor(frame, options) {
    this.#frame = frame;
    this.#options = {
      info: { name: 'host', version: '1' },
      capabilities: {},
      context: {},
      requests: {},
      ...options,
    };
    this.#isReady = new Promise((resolve) => (this.#ready = resolve));
    addEventListener('message', this.#hear);
  }

  /** The whole arguments of the call. */
  input(args) {
    this.#whenReady('ui/notifications/tool-input', { arguments: args });
  }

  /** The result of the call, as the server gave it. */
  result(result) {
    this.#whenReady('ui/notifications/tool-result', result);
  }

  /** The call was cancelled. */
  cancelled(reason) {
    this.#whenReady('ui/notifications/tool-cancelled', { reason });
  }

  /** Where the app is has changed: the members that have. */
  change(context) {
    this.#options.context = { ...this.#options.context, ...context };
    this.#whenReady('ui/notifications/host-context-changed', context);
  }

  /** Tell the app that it ends, and hear it no more; it has a moment to answer. */
  async close() {
    await Promise.race([
      this.#ask('ui/resource-teardown', {}),
      new Promise((resolve) => setTimeout(resolve, 500)),
    ]);
    removeEventListener('message', this.#hear);
  }

  async #whenReady(method, params) {
    await this.#isReady;
    this.#send({ jsonrpc: '2.0', method, params });
  }

  #ask(method, params) {
    const id = `host-${++this.#last}`;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#send({ jsonrpc: '2.0', id, method, params });
    return answered;
  }

  #send(message) {
    this.#options.traced?.('sent', message);
    // As JSON would bring it: an app knows nothing of what is more exact here.
    this.#frame.contentWindow?.postMessage(asJson(message), '*');
  }

  async #take({ source, data }) {
    if (!source || source !== this.#frame.contentWindow || data?.jsonrpc !== '2.0') return;
    this.#options.traced?.('received', data);
    if (typeof data.method !== 'string') {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    } else if (data.id === undefined) {
      if (data.method === 'ui/notifications/initialized') this.#ready();
      this.#options.notified?.(data.method, data.params ?? {});
    } else {
      this.#send({
        jsonrpc: '2.0',
        id: data.id,
        ...(await this.#answer(data.method, data.params ?? {})),
      });
    }
  }

  async #answer(method, params) {
    try {
      if (method === 'ui/initialize') return { result: this.#introduction(params) };
      if (method === 'ping') return { result: {} };
      const answer = this.#options.requests[method];
      if (!answer)
        return { error: { code: METHOD_NOT_FOUND, message: `This host has no ${method}` } };
      return { result: (await answer(params)) ?? {} };
    } catch (error) {
      return { error: { code: error.code ?? -32000, message: error.message, data: error.data } };
    }
  }

  #introduction({ protocolVersion }) {
    const { info, capabilities, context } = this.#options;
    return {
      protocolVersion: KNOWN.has(protocolVersion) ? protocolVersion : LATEST,
      hostInfo: info,
      hostCapabilities: capabilities,
      hostContext: context,
    };
  }
}
