import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRoute, routeTo } from '../../src/host/route.ts';

// The texts are what iproute2 6.1 printed on Linux 6.18 for routes of each kind.
const printed = {
  onLink: '[{"dst":"10.9.0.7","dev":"v0","prefsrc":"10.9.0.1","flags":[],"mark":5,"uid":0,"cache":[]}]',
  gateway:
    '[{"dst":"8.8.8.8","gateway":"10.9.0.254","dev":"v0","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":[]}]',
  ipv6: '[{"dst":"2001:4::1","from":"::","gateway":"2001:db8:9::fe","dev":"v0","prefsrc":"2001:db8:9::1","metric":1024,"flags":[],"pref":"medium"}]',
  via: '[{"dst":"10.24.0.1","via":{"family":"inet6","host":"fe80::1"},"dev":"v0","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":[]}]',
  local:
    '[{"type":"local","dst":"10.9.0.1","dev":"lo","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":["local"]}]',
  linkLocal:
    '[{"dst":"fe80::5","from":"::","dev":"v1","protocol":"kernel","metric":256,"flags":[],"pref":"medium"}]',
};

test.each([
  ['onLink', { device: 'v0', source: '10.9.0.1', gateway: null, type: 'unicast' }],
  ['gateway', { device: 'v0', source: '10.9.0.1', gateway: '10.9.0.254', type: 'unicast' }],
  ['ipv6', { device: 'v0', source: '2001:db8:9::1', gateway: '2001:db8:9::fe', type: 'unicast' }],
  ['via', { device: 'v0', source: '10.9.0.1', gateway: 'fe80::1', type: 'unicast' }],
  ['local', { device: 'lo', source: '10.9.0.1', gateway: null, type: 'local' }],
  ['linkLocal', { device: 'v1', source: null, gateway: null, type: 'unicast' }],
] as const)('reads a route: %s', (name, expected) => {
  expect(parseRoute(0, printed[name], '')).toEqual({ kind: 'ok', ...expected });
});

test.each([
  [2, 'RTNETLINK answers: Network is unreachable\n', 'no route'],
  [2, 'RTNETLINK answers: No route to host\n', 'unreachable'],
  [2, 'RTNETLINK answers: Permission denied\n', 'prohibit'],
  [2, 'RTNETLINK answers: Invalid argument\n', 'blackhole'],
  [1, 'Cannot find device "nix"\n', 'does not exist'],
])('code %i with "%s" is no route', (code, stderr, words) => {
  const route = parseRoute(code, '', stderr);
  expect(route).toMatchObject({ kind: 'no-route', detail: expect.stringContaining(words) });
});

test('a route of a refusing type in the answer is no route', () => {
  const route = parseRoute(0, '[{"type":"unreachable","dst":"2001:db8::1","dev":"lo","error":-101}]', '');
  expect(route).toMatchObject({ kind: 'no-route', detail: expect.stringContaining('unreachable') });
});

test.each([
  [255, '', 'Error: argument "ipproto" is wrong: unknown\n', 'ipproto'],
  [1, '', 'Error: any valid prefix is expected rather than "x".\n', 'prefix'],
  [0, '[]', '', 'not understood'],
  [0, '[null]', '', 'not understood'],
  [0, 'not JSON', '', 'not JSON'],
  [0, '[{"dst":"10.0.0.1","dev":7}]', '', 'not understood'],
  [3, '', '', 'code 3'],
])('what is not understood is failed: code %i, %j, %j', (code, stdout, stderr, words) => {
  expect(parseRoute(code, stdout, stderr)).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining(words),
  });
});

test('arbitrary output never throws and never makes a route without a device', () => {
  const output = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), output, output, (code, stdout, stderr) => {
      const route = parseRoute(code, stdout, stderr);
      if (route.kind !== 'ok') return route.detail.length > 0 && route.detail.length < 400;
      return code === 0 && route.device !== '';
    }),
  );
});

test('asks the real kernel: our own address is local', async () => {
  const route = await routeTo('127.0.0.1', {
    timeoutMs: 5_000,
    mark: 7,
    udpPort: 51820,
    udpSourcePort: 1024,
  });
  expect(route).toEqual({ kind: 'ok', device: 'lo', source: '127.0.0.1', gateway: null, type: 'local' });
});

test('a program that is missing or a device that is gone is a value', async () => {
  expect(await routeTo('127.0.0.1', { timeoutMs: 5_000, device: 'wgr-none' })).toMatchObject({
    kind: 'no-route',
  });
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  try {
    expect(await routeTo('127.0.0.1', { timeoutMs: 5_000 })).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('iproute2'),
    });
  } finally {
    process.env.PATH = path;
  }
});
