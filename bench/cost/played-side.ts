import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/index.ts';
import { waitFor } from '../../lab/index.ts';
import type { PlayedServer, ResponderOrder } from './responder/order.ts';

const builtResponder = fileURLToPath(new URL('./responder/main.js', import.meta.url));

/**
 * Starts one process on the lab's first far machine that plays all these servers; resolves when they answer. It ends
 * with the lab. `program` is the compiled player, by default the one beside this file.
 */
export async function startPlayedSide(
  lab: Lab,
  servers: readonly PlayedServer[],
  lifeMs: number,
  program = builtResponder,
): Promise<void> {
  const shown = await lab.client.exec(['wg', 'show', lab.interface, 'public-key']);
  const order: ResponderOrder = { clientKey: shown.stdout.trim(), servers };
  const child = lab.server().spawn([process.execPath, program], { timeoutMs: lifeMs });
  let ready = false;
  let said = '';
  let ended = false;
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => {
    said += error.message;
    ended = true;
  });
  child.on('exit', () => {
    ended = true;
  });
  child.stdout.on('data', () => {
    ready = true;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  await waitFor('the far side is played', () => {
    if (ended) throw new Error(`The process that plays the far side has ended: ${said.trim()}`);
    return ready;
  });
}
