import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Lab } from '../../lab/index.ts';
import { waitFor } from '../../lab/index.ts';
import { inMinutes, withDaemon } from '../daemon/daemon.ts';
import { watchEndpoint } from '../endpoint-watch.ts';
import { hostName } from '../wg-reach.ts';
import { kernelOnlyTitle } from './scenarios.ts';

/** The only address that the client's AllowedIPs name: a machine behind the server, which is absent. */
const absent = '10.77.0.9';
/** Longer than one close look of the daemon, which ends when an answer to any packet is overdue. */
const longMs = 25_000;

async function setServer(lab: Lab, setting: string, value: string): Promise<void> {
  const { code, stderr } = await lab.server().exec(['tee', `/proc/sys/${setting}`], { input: value });
  expect(code, stderr).toBe(0);
}

/** The server routes, and says from its own inner address, 10.77.0.1, that the machine behind it is not there. */
async function routeBehindServer(lab: Lab): Promise<void> {
  await setServer(lab, 'net/ipv4/ip_forward', '1');
  // It would save up its answers otherwise, and what it saves is sent as a keepalive, which is counted.
  await setServer(lab, 'net/ipv4/icmp_ratelimit', '0');
  await lab.server().ip([`route add unreachable ${absent}/32`]);
}

async function frameErrors(lab: Lab): Promise<number> {
  const file = `/sys/class/net/${lab.interface}/statistics/rx_frame_errors`;
  const { stdout, stderr } = await lab.client.exec(['cat', file]);
  expect(stdout, stderr).toMatch(/^\d+\n$/);
  return Number(stdout);
}

test.concurrent(
  `${kernelOnlyTitle}an answer from outside the allowed IPs is not counted, and a tunnel that gives only such answers is not moved`,
  inMinutes,
  withDaemon({ inner: { server: ['10.77.0.1'] }, allowedIps: [`${absent}/32`] }, async (scene) => {
    const { lab, reach } = scene;
    expect(lab.implementation).toBe('kernel');
    await routeBehindServer(lab);
    const ping = (count: number) => lab.client.exec(['ping', '-n', '-c', String(count), '-W', '1', absent]);
    await waitFor('the handshake', async () => {
      await ping(1);
      return (await lab.wg.latestHandshake()) > 0;
    });

    const before = { ...(await lab.wg.transfer()), frameErrors: await frameErrors(lab) };
    // One a second for longer than the 10 s after which the server would send a keepalive if it had not answered.
    await ping(13);
    const after = { ...(await lab.wg.transfer()), frameErrors: await frameErrors(lab) };
    expect(after.txBytes).toBeGreaterThan(before.txBytes);
    expect(after.rxBytes).toBe(before.rxBytes);
    expect(after.frameErrors).toBeGreaterThan(before.frameErrors);

    const endpoint = await lab.wg.endpoint();
    const watch = watchEndpoint(lab);
    const run = await reach.run([...reach.dropIn(), '--json']);
    const { seen, looks } = await watch.stop();
    expect(run.code, run.said).toBe(0);
    expect(JSON.parse(run.stdout), run.said).toMatchObject({ outcome: 'undecided', proof: null, endpoint });
    expect(seen).toEqual([endpoint]);
    expect(looks).toBeGreaterThan(2);

    lab.writeConfig({ endpointName: hostName });
    const daemon = await scene.startDaemon();
    await sleep(longMs);
    expect(await scene.peer()).toMatchObject({ endpoint });
    await daemon.stop();
    expect(reach.sets().filter((set) => set !== endpoint)).toEqual([]);
  }),
);
