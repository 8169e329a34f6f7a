/** A network interface's name, checked; or why it cannot be one. */
export type ParsedInterfaceName =
  | { readonly kind: 'ok'; readonly name: string }
  | { readonly kind: 'invalid'; readonly reason: string };

/** The kernel's IFNAMSIZ is 16 with the closing zero byte. */
const maxNameBytes = 15;

/** Linux would take these, but `wg show` gives them another meaning, so no tool could name the interface. */
const wordsOfWg: ReadonlySet<string> = new Set(['all', 'interfaces', 'help']);

/**
 * Checks a name by the kernel's rules (1 to 15 bytes, no '/', no ':', no white space, not '.' or '..'), and
 * refuses what a program would read as something else: a leading '-' and the words of `wg show`.
 */
export function parseInterfaceName(text: string): ParsedInterfaceName {
  const reason = reasonAgainst(text);
  return reason === null ? { kind: 'ok', name: text } : { kind: 'invalid', reason };
}

function reasonAgainst(text: string): string | null {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) return 'it is empty';
  if (bytes > maxNameBytes) return `it has ${bytes} bytes; Linux allows ${maxNameBytes}`;
  if (text === '.' || text === '..') return "'.' and '..' are not interface names";
  if (text.startsWith('-')) return "it starts with '-'";
  if (/[/:]/.test(text)) return "it contains '/' or ':'";
  if ([...text].some((character) => character <= ' ' || character === '\u007f' || /\s/.test(character))) {
    return 'it contains white space or a control character';
  }
  if (wordsOfWg.has(text)) return `'wg show ${text}' does not mean an interface`;
  return null;
}
