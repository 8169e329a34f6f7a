/** Long enough for any endpoint with a name of ordinary length. */
const maxQuotedLength = 100;

/** Longer than any key of ours and shorter than any secret. */
const maxKeyLength = 32;

/**
 * A value in double quotes for a message: on one line, of bearable length, whatever was typed. Text that may be
 * a WireGuard key is not repeated, since somebody may have pasted a private one.
 */
export function quoteValue(text: string): string {
  if (/[A-Za-z0-9+/]{40}/.test(text)) return 'a value that looks like a key';
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return `"${printable.length > maxQuotedLength ? `${printable.slice(0, maxQuotedLength - 3)}...` : printable}"`;
}

/** The name of a key in double quotes for a message. Long ones are not repeated: they may be secrets. */
export function quoteKey(key: string): string {
  return key.length > maxKeyLength ? 'a very long one' : `"${key.replace(/[^\x20-\x7e]/g, '?')}"`;
}

/** What kind of value stands in the file, for messages: `a number`, `a list`. */
export function kindOfValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteValue(value);
    case 'number':
    case 'bigint':
      return 'a number';
    case 'boolean':
      return String(value);
    default:
      if (Array.isArray(value)) return 'a list';
      return value instanceof Date ? 'a date or time' : 'a table';
  }
}
