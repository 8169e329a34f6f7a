import { runProgram } from './program.ts';

/**
 * Whether an interface of our network namespace is up (administratively: WireGuard has no other state). Null where it
 * cannot be found out, which is no reason against it.
 */
export async function isLinkUp(
  interfaceName: string,
  options: { readonly timeoutMs: number },
): Promise<boolean | null> {
  const result = await runProgram('ip', ['-o', 'link', 'show', 'dev', interfaceName], options);
  if (result.kind !== 'exited' || result.code !== 0) return null;
  const flags = /^\d+: \S+ <([A-Z0-9_,-]*)>/.exec(result.stdout)?.[1];
  return flags === undefined ? null : flags.split(',').includes('UP');
}
