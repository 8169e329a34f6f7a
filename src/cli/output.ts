/** Where a command's words go. */
export interface Output {
  /** Ordinary lines, to standard output. */
  lines(lines: readonly string[]): void;
  /** One line for the person who must act, to standard error, at once. */
  error(line: string): void;
  /** The end: with `quiet`, the lines so far are printed only if something was done or is wrong. */
  end(summary: { readonly noteworthy: boolean; readonly json: unknown }): void;
}

/** `quiet` holds ordinary lines back until the end; `json` prints one JSON value instead of them. */
export function createOutput(options: { readonly quiet: boolean; readonly json: boolean }): Output {
  const held: string[] = [];
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  return {
    lines(lines) {
      if (options.json) return;
      if (options.quiet) held.push(...lines);
      else lines.forEach(print);
    },
    error(line) {
      process.stderr.write(`wg-reach: ${line}\n`);
    },
    end({ noteworthy, json }) {
      if (options.json) print(JSON.stringify(json));
      else if (noteworthy) held.forEach(print);
    },
  };
}
