import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../lab/index.ts';
import { slowness } from '../slowness.ts';
import { hostName, program } from '../wg-reach.ts';
import type { DaemonScene } from './daemon.ts';
import { inMinutes, withDaemon } from './daemon.ts';

/** A program that mounts a file system of 64 KiB, fills it, and becomes the program that it is given. */
function onFullDisk({ reach }: DaemonScene): { readonly prefix: readonly string[]; readonly disk: string } {
  const disk = `${reach.scratchDirectory}/disk`;
  const file = `${reach.scratchDirectory}/on-full-disk`;
  const lines = [
    '#!/bin/sh',
    // Only this process and its children see it: each command in a namespace has mounts of its own.
    `mkdir ${disk} && mount -t tmpfs -o size=64k,nr_inodes=16 none ${disk} || exit 9`,
    `dd if=/dev/zero of=${disk}/rest bs=4k 2>/dev/null`,
    'exec "$@"',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
  return { prefix: [file], disk };
}

/** Whether the process has a handler for the first signal, going by the kernel's mask of caught ones. */
function catchesHangUp(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number.parseInt(caught?.at(-1) ?? '0', 16) % 2 === 1;
}

describe.concurrent('a hostile host', inMinutes, () => {
  test(
    'a disk without room for state, locks or the socket costs warnings, not the job',
    withDaemon({}, async (scene) => {
      const { lab, reach, configFile } = scene;
      writeFileSync(configFile, '[defaults]\nprofile = "fast"\n');
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] });
      await lab.connect();
      const { prefix, disk } = onFullDisk(scene);
      const directories = ['--state-dir', `${disk}/state`, '--runtime-dir', `${disk}/run`];
      const daemon = reach.start(['run', '--config', configFile, ...directories], { prefix });
      await daemon.until(/unknown -> up/);
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await daemon.until(/endpoint-switched/);
      // Long enough for the state to be due.
      await sleep(11_000);
      daemon.kill('SIGTERM');
      const { code, said } = await daemon.ended;
      expect(code, said).toBe(0);
      expect(said).toContain('state-unwritable');
      expect(said.match(/ state-unwritable:/g)).toHaveLength(1);
    }),
  );

  test(
    'a thousand clients at once, and the path breaks meanwhile',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      const sockets = Array.from({ length: 1_000 }, (_, index): Socket => {
        const socket = connect(`${reach.runtimeDirectory}/control.sock`);
        socket.on('error', () => undefined);
        socket.resume();
        if (index % 2 === 0) socket.write('{"id":1,"command":"status"}\n');
        return socket;
      });
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      // Those that hold the line are dropped after 10 s.
      await sleep(12_000 * slowness);
      await scene.untilHealth('up');
      const descriptors = readdirSync(`/proc/${daemon.pid}/fd`).length;
      expect(descriptors).toBeLessThan(60);
      for (const socket of sockets) socket.destroy();
      await daemon.stop();
    }),
  );

  test(
    'a hang-up at any moment of the start ends nothing',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      lab.writeConfig({ endpointName: hostName });
      await lab.connect();
      const daemon = await scene.startDaemon({ wait: false });
      const ended = daemon.ended.then(() => true);
      // Before its first line runs, nobody can take a signal.
      await waitFor('it takes signals', () => catchesHangUp(daemon.pid), 30_000, 2);
      for (let time = 0; time < 200; time++) {
        daemon.kill('SIGHUP');
        await sleep(5);
      }
      await daemon.untilLine('started');
      await scene.untilHealth('up');
      expect(await Promise.race([ended, false])).toBe(false);
      await daemon.stop();
    }),
  );

  test(
    'its runtime directory is removed: it works on, and says how to be asked again',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      await lab.client.exec(['rm', '-r', reach.runtimeDirectory]);
      const asked = await lab.client.exec([program, 'status', '--runtime-dir', reach.runtimeDirectory]);
      expect(asked.code, asked.stderr).toBe(3);
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await daemon.stop();
    }),
  );
});
