import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startCommand } from '../lab/command.ts';
import { createLab, waitFor } from '../lab/index.ts';
import { programPath } from '../lab/programs.ts';
import { processesOf, read, tracesOf } from './lab-look.ts';

describe('an owner that closes its lab', () => {
  test('closing leaves nothing, twice', async () => {
    const lab = await createLab();
    const child = lab.client.spawn(['sleep', '600']);
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    expect(tracesOf(lab.id)).not.toEqual([]);
    await lab.close();
    expect(await ended).toBe('SIGKILL');
    expect(tracesOf(lab.id)).toEqual([]);
    expect(processesOf(lab.id)).toEqual([]);
    await lab.close();
  });

  test('unusable options leave nothing', async () => {
    const before = tracesOf(`wr${process.pid}x`);
    await expect(createLab({ servers: [{ address: 'not-an-address' }] })).rejects.toThrow('not-an-address');
    await expect(createLab({ servers: [{ address: '203.0.113.1', peer: 3 }] })).rejects.toThrow('peer 3');
    expect(tracesOf(`wr${process.pid}x`)).toEqual(before);
  });
});

describe('an owner that is killed', () => {
  /** Runs the lab's command as a process of its own until it says what it built. */
  async function startOwner() {
    const owner = startCommand([process.execPath, await programPath('command'), '--delay', '0'], {
      timeoutMs: 100_000,
    });
    let said = '';
    owner.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    owner.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const id = await waitFor(
      'the command builds a lab',
      () => {
        if (owner.exitCode !== null) throw new Error(said);
        return said.includes('Ctrl-C ends') && /(wr\d+x\d+)-client/.exec(said)?.[1];
      },
      60_000,
    );
    const pid = owner.pid ?? 0;
    const keeper = readdirSync('/proc').find(
      (name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).endsWith(`keeper/main.js\0${pid}\0`),
    );
    return { owner, pid, id, keeperPid: Number(keeper), said: () => said };
  }

  test('by SIGKILL: its keeper removes everything', async () => {
    const { pid, id, keeperPid } = await startOwner();
    expect(tracesOf(id)).not.toEqual([]);
    expect(processesOf(id)).not.toEqual([]);
    expect(keeperPid).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    await waitFor('everything is removed', () => tracesOf(id).length === 0 && processesOf(id).length === 0);
    await waitFor('the keeper ends', () => read(`/proc/${keeperPid}/cmdline`) === '');
  });

  test('together with its keeper: the next lab sweeps up', async () => {
    const { owner, id, keeperPid } = await startOwner();
    const dead = new Promise((resolve) => owner.once('exit', resolve));
    process.kill(keeperPid, 'SIGKILL');
    owner.kill('SIGKILL');
    await dead;
    expect(tracesOf(id)).not.toEqual([]);
    const next = await createLab();
    try {
      expect(tracesOf(id)).toEqual([]);
      expect(processesOf(id)).toEqual([]);
    } finally {
      await next.close();
    }
  });

  test('by Ctrl-C: the command removes its lab and says so', async () => {
    const { owner, pid, id, said } = await startOwner();
    const ended = new Promise((resolve) => owner.once('close', resolve));
    process.kill(pid, 'SIGINT');
    expect(await ended).toBe(0);
    expect(said()).toContain('removed');
    expect(tracesOf(id)).toEqual([]);
  });
});
