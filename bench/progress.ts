/** Shows what is being done, on one line that is written over. */
export interface Progress {
  say(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** On a terminal only: in a file or a pipe there is nobody who waits, and nothing can be written over. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { say: () => undefined, clear: () => undefined };
  const show = (text: string) => stream.write(`\r\u001b[K${text.slice(0, stream.columns - 1)}`);
  return { say: show, clear: () => void show('') };
}
