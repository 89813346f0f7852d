// An OpenID provider at a port of 127.0.0.1: everybody can log in by any name and password, any
// client can register, and any resource has access tokens that are JWTs. What it reads from
// standard input, as JSON: { port, algorithm, clients, seconds }.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Provider } from 'oidc-provider';

const { port, algorithm, clients, seconds } = JSON.parse(readFileSync(0, 'utf8'));

function key(alg) {
  const { privateKey } = alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : alg === 'EdDSA'
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID() };
}

const algorithms = [...new Set(['RS256', algorithm])];
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
  jwks: { keys: algorithms.map(key) },
  cookies: { keys: [randomUUID()] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'read', 'write'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  conformIdTokenClaims: false,
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  findAccount: (ctx, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: sub.toUpperCase(), email: `${sub}@example.com` }),
  }),
  ttl: { AccessToken: seconds, ClientCredentials: seconds, Grant: 3600, Session: 3600, IdToken: 600 },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'read write',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: seconds,
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.on('authorization.error', (ctx, error) => console.error('authorization', error));
provider.on('grant.error', (ctx, error) => console.error('grant', error));
provider.on('registration_create.error', (ctx, error) => console.error('registration', error));
provider.listen(port, '127.0.0.1');
