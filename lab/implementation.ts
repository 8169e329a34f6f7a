import { ipBatch, namespaceHandle } from './namespace.ts';

/** Which WireGuard the lab's interfaces are made of. */
export type Implementation = 'kernel' | 'wireguard-go';

let known: Promise<Implementation> | null = null;

/**
 * The kernel's WireGuard if it has one, else wireguard-go. Asked once, in a namespace made for the question.
 */
export function wireguardImplementation(): Promise<Implementation> {
  known ??= ask();
  return known;
}

async function ask(): Promise<Implementation> {
  const name = `wr${process.pid}-question`;
  try {
    await ipBatch([`netns add ${name}`]);
    await namespaceHandle(name).ip(['link add question type wireguard']);
    return 'kernel';
  } catch {
    return 'wireguard-go';
  } finally {
    await ipBatch([`netns del ${name}`]).catch(() => undefined);
  }
}
