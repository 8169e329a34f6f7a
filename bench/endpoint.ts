import { connect } from 'node:net';
import type { Lab } from '../lab/index.ts';
import { wireguardSocketDirectory } from '../lab/registry.ts';

const answerWithinMs = 5_000;

/**
 * The endpoint of the client's first peer as `wg` prints it, null for none. Asks wireguard-go's own socket, which costs
 * a fraction of a millisecond, so that many labs can be looked at often; the kernel is asked by `wg`.
 * Rejects where the interface does not answer.
 */
export async function readEndpoint(lab: Lab): Promise<string | null> {
  if (lab.implementation === 'kernel') return lab.wg.endpoint();
  return parseEndpoint(
    await askSocket(`${wireguardSocketDirectory}/${lab.interface}.sock`),
    Buffer.from(lab.peerKey(), 'base64').toString('hex'),
  );
}

/** Finds the endpoint of the peer with that key, in hexadecimal, in what `get=1` answers. */
export function parseEndpoint(text: string, keyHex: string): string | null {
  const section = text.split('public_key=').find((each) => each.startsWith(keyHex)) ?? '';
  return /^endpoint=(.+)$/m.exec(section)?.[1] ?? null;
}

function askSocket(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path);
    socket.setTimeout(answerWithinMs, () => socket.destroy(new Error(`${path} does not answer.`)));
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (part: string) => {
      answer += part;
      // An empty line ends the answer; the socket stays open for the next question.
      if (answer.endsWith('\n\n')) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.write('get=1\n\n');
  });
}
