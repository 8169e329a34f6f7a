import { spawn } from 'node:child_process';
import { programPath } from './programs.ts';

let started: Promise<void> | null = null;

/**
 * Makes sure that this process has a keeper: a detached process that removes its labs when it dies without
 * closing them, be it by SIGKILL. One serves all labs of a process, and ends with it.
 */
export function ensureKeeper(): Promise<void> {
  started ??= startKeeper();
  return started;
}

async function startKeeper(): Promise<void> {
  const program = await programPath('keeper');
  const child = spawn(process.execPath, [program, String(process.pid)], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => {
    started = null;
  });
  child.on('exit', () => {
    started = null;
  });
  // Neither may keep this process alive; the pipe closes when it ends, however it ends.
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
}
