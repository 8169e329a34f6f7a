/** Shorter beginnings would be unique by luck and change their meaning with the next peer. */
const minLength = 6;

/**
 * Beginnings of keys, all of one length, as short as tells these keys from each other, with `…` where
 * something is left out. Six characters at least. The same key twice counts once.
 */
export function shortKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  const distinct = [...new Set(keys)];
  const longest = Math.max(0, ...distinct.map((key) => key.length));
  let length = minLength;
  while (length < longest && new Set(distinct.map((key) => key.slice(0, length))).size < distinct.length) {
    length += 1;
  }
  return new Map(distinct.map((key) => [key, key.length > length ? `${key.slice(0, length)}…` : key]));
}
