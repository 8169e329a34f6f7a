/** Control and formatting characters, line separators and half surrogates: what could fool a terminal or a log. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes any text safe to show on one line of a terminal or a log: what could move the cursor, end the line or
 * turn the writing direction becomes `\n`, `\r`, `\t` or `\u{…}`. Everything else stays as it is.
 */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) => shortEscapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
