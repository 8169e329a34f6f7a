import { describe, expect, it } from 'vitest';
import { createClock } from '../../sim/clock.ts';
import { createDns, type DnsAnswer } from '../../sim/dns.ts';
import { createRandom } from '../../sim/random.ts';

function names(caches = false) {
  const clock = createClock();
  const dns = createDns({ clock, random: createRandom(1), caches });
  const ask = (name: string, family: 4 | 6 = 4, timeoutMs = 5_000) => {
    const answers: { readonly answer: DnsAnswer; readonly afterMs: number }[] = [];
    const fromMs = clock.nowMs();
    dns.lookUp({ name, family, timeoutMs }, (answer) =>
      answers.push({ answer, afterMs: clock.nowMs() - fromMs }),
    );
    clock.runFor(timeoutMs + 1_000);
    expect(answers).toHaveLength(1);
    const [first] = answers;
    const records = first?.answer.kind === 'records' ? first.answer.records : [];
    return {
      kind: first?.answer.kind,
      afterMs: first?.afterMs ?? 0,
      addresses: records.map((record) => record.address).toSorted((one, other) => one.localeCompare(other)),
      ttlS: records[0]?.ttlS,
    };
  };
  return { clock, dns, ask };
}

describe('DNS', () => {
  it('answers by family, and tells a missing address from a missing name', () => {
    const { dns, ask } = names();
    dns.publish('vpn.example', ['192.0.2.1', '192.0.2.2', '2001:db8::1'], 30);
    expect(ask('vpn.example')).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.2'], ttlS: 30 });
    expect(ask('vpn.example', 6).addresses).toEqual(['2001:db8::1']);
    dns.publish('vpn.example', ['192.0.2.1']);
    expect(ask('vpn.example', 6).kind).toBe('no-address');
    dns.withdraw('vpn.example');
    expect(ask('vpn.example').kind).toBe('no-such-name');
  });

  it('dies, fails, denies, dawdles and lies as told, for one name or for all', () => {
    const { dns, ask } = names();
    dns.publish('vpn.example', ['192.0.2.1']);
    dns.setHealth('*', { kind: 'dead' });
    expect(ask('vpn.example', 4, 3_000)).toMatchObject({ kind: 'timed-out', afterMs: 3_000 });
    dns.setHealth('vpn.example', { kind: 'slow', delayMs: 2_000 });
    const slow = ask('vpn.example');
    expect(slow.addresses).toEqual(['192.0.2.1']);
    expect(slow.afterMs).toBeGreaterThan(2_000);
    dns.setHealth('vpn.example', { kind: 'fails' });
    expect(ask('vpn.example').kind).toBe('server-failure');
    dns.setHealth('vpn.example', { kind: 'denies' });
    expect(ask('vpn.example').kind).toBe('no-such-name');
    dns.setHealth('vpn.example', { kind: 'lies', addresses: ['203.0.113.66'] });
    expect(ask('vpn.example').addresses).toEqual(['203.0.113.66']);
  });

  it('gives old answers from the cache until their time is over, and says what is left of it', () => {
    const { clock, dns, ask } = names(true);
    dns.publish('vpn.example', ['192.0.2.1'], 60);
    expect(ask('vpn.example').ttlS).toBe(60);
    dns.publish('vpn.example', ['192.0.2.9'], 60);
    const cached = ask('vpn.example');
    expect(cached.addresses).toEqual(['192.0.2.1']);
    expect(cached.ttlS).toBeLessThan(60);
    clock.runFor(60_000);
    expect(ask('vpn.example').addresses).toEqual(['192.0.2.9']);
  });
});
