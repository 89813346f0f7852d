// The interface of a tool that is an MCP App, in a frame of its own.

import { act } from '../api.js';
import { AppHost } from '../app_host.js';
import { ask } from '../calls.js';
import { button, el, fill } from '../dom.js';
import { isDark } from '../theme.js';
import { jsonView } from '../json_view.js';
import { clock } from '../units.js';
import { state } from '../state.js';

const FEATURES = {
  camera: 'camera',
  microphone: 'microphone',
  geolocation: 'geolocation',
  clipboardWrite: 'clipboard-write',
};
const DOMAINS = ['connectDomains', 'resourceDomains', 'frameDomains', 'baseUriDomains'];
const MOST_HEIGHT = 2000;
const MOST_ASKED = 20;

/** The URI of a tool's interface, if it has one. */
export const resourceOf = (tool) =>
  tool._meta?.ui?.resourceUri ?? tool._meta?.['ui/resourceUri'] ?? null;

const mayCall = (tool) => (tool._meta?.ui?.visibility ?? ['model', 'app']).includes('app');

class Denied extends Error {
  code = -32000;
}

export function appPanel(tool) {
  const stage = el('div.stage');
  const talk = el('ol.apptalk');
  const asked = el('div', { 'aria-live': 'polite' });
  const count = el('span.count');
  const node = el(
    'section.part.app',
    {},
    el('h4', {}, 'Interface ', el('code', {}, resourceOf(tool))),
    asked,
    stage,
    el('details.extra', {}, el('summary', {}, 'What it says to its host ', count), talk),
  );
  node.hidden = true;
  let host = null;

  function traced(direction, message) {
    if (talk.childElementCount > 500) talk.firstChild.remove();
    talk.append(
      el(
        'li',
        {},
        el('span.time', {}, clock(Date.now())),
        ' ',
        direction === 'sent' ? '→' : '←',
        ' ',
        message.method ?? 'answer',
        jsonView(message, { depth: 0, copyable: false }),
      ),
    );
    count.textContent = talk.childElementCount;
  }
  /** Show the person something, unless the app has said too much already. */
  function put(box) {
    if (asked.childElementCount >= MOST_ASKED) throw new Denied('Too much waits for the person');
    asked.append(box);
  }
  /** Show the person what the app wants, and let them decide. */
  const consent = (...about) =>
    new Promise((resolve, reject) => {
      const decide = (yes) => {
        box.remove();
        if (yes) resolve();
        else reject(new Denied('The person declined this'));
      };
      const box = el(
        'div.banner',
        {},
        about,
        el(
          'div.runbar',
          {},
          button('Allow', () => decide(true), { class: 'primary small' }),
          button('Decline', () => decide(false), { class: 'small' }),
        ),
      );
      put(box);
    });
  const requests = {
    'tools/call': (params) => {
      const wanted = state.lists.tools.find((each) => each.name === params.name);
      if (!wanted || !mayCall(wanted)) throw new Denied(`This app may not call ${params.name}`);
      return ask('tools/call', params);
    },
    'resources/read': (params) => ask('resources/read', params),
    'resources/list': (params) => ask('resources/list', params),
    'resources/templates/list': (params) => ask('resources/templates/list', params),
    'prompts/list': (params) => ask('prompts/list', params),
    'ui/open-link': async ({ url }) => {
      const { protocol, href } = new URL(url);
      if (!['http:', 'https:'].includes(protocol))
        throw new Denied('Only links of http and https are opened');
      await consent('The app wants to open ', el('code', {}, href));
      open(href, '_blank', 'noopener,noreferrer');
    },
    'ui/message': ({ content }) =>
      put(said('The app says into the conversation', content)),
    'ui/update-model-context': (params) =>
      put(said('The app gives the model as context', params)),
    'ui/request-display-mode': () => ({ mode: 'inline' }),
  };
  const said = (title, value) => {
    const box = el(
      'div.banner',
      {},
      el('p', {}, title),
      jsonView(value, { depth: 3, copyable: false }),
      button('Dismiss', () => box.remove(), { class: 'small' }),
    );
    return box;
  };

  async function showFrame() {
    const uri = resourceOf(tool);
    const { contents } = await ask('resources/read', { uri });
    const page = contents?.[0] ?? {};
    const listed = state.lists.resources.find((each) => each.uri === uri);
    const ui = page._meta?.ui ?? listed?._meta?.ui ?? {};
    const html =
      page.text ??
      new TextDecoder().decode(
        Uint8Array.from(atob(page.blob ?? ''), (each) => each.charCodeAt(0)),
      );
    const policy = Object.fromEntries(
      DOMAINS.filter((name) => Array.isArray(ui.csp?.[name])).map((name) => [
        name,
        ui.csp[name].filter((each) => typeof each === 'string'),
      ]),
    );
    const frame = el('iframe', {
      title: `Interface of ${tool.name}`,
      sandbox: 'allow-scripts',
      referrerPolicy: 'no-referrer',
      class: ui.prefersBorder === false ? '' : 'bordered',
    });
    frame.allow = Object.keys(ui.permissions ?? {})
      .filter((name) => ui.permissions[name] && FEATURES[name])
      .map((name) => FEATURES[name])
      .join('; ');
    host?.close();
    host = new AppHost(frame, {
      info: { name: 'FastMCP Inspector', version: '1' },
      capabilities: {
        openLinks: {},
        serverTools: {},
        serverResources: {},
        logging: {},
        sandbox: { csp: ui.csp ?? {}, permissions: ui.permissions ?? {} },
      },
      context: {
        toolInfo: { tool },
        theme: isDark() ? 'dark' : 'light',
        displayMode: 'inline',
        availableDisplayModes: ['inline'],
        platform: 'web',
        containerDimensions: { maxHeight: MOST_HEIGHT },
        locale: navigator.language,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
      requests,
      traced,
      notified: (method, { height }) => {
        if (method === 'ui/notifications/size-changed' && height > 0)
          frame.style.height = `${Math.min(height, MOST_HEIGHT)}px`;
      },
    });
    frame.src = await act('show-app', { html, policy });
    fill(stage, frame);
  }
  addEventListener(
    'themechange',
    () => node.isConnected && host?.change({ theme: isDark() ? 'dark' : 'light' }),
  );

  return {
    node,
    async run(args, call) {
      node.hidden = false;
      fill(asked);
      fill(talk);
      try {
        await showFrame();
      } catch (error) {
        fill(stage, el('p.banner.bad', {}, `The interface cannot be shown: ${error.message}`));
        return;
      }
      const mine = host;
      mine.input(args);
      call.done.then(
        (result) => mine.result(result),
        (error) => mine.cancelled(error.message),
      );
    },
  };
}
