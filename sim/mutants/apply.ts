import type { Edit } from './list.ts';

/** Where the texts come from and go to. */
export interface Texts {
  read(file: string): string;
  write(file: string, text: string): void;
}

/** Makes the changes. Throws if a text to be changed is not there, or is there twice: then the list is out of date. */
export function applyEdits(edits: readonly Edit[], texts: Texts): void {
  for (const { file, from, to, everywhere } of edits) {
    const parts = texts.read(file).split(from);
    if (parts.length < 2) throw new Error(`${file} does not have: ${from}`);
    if (parts.length > 2 && !everywhere) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
    texts.write(file, parts.join(to));
  }
}
