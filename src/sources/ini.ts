/** One `key = value` line. */
export interface IniEntry {
  readonly key: string;
  /** Without white space around it. Null if `keepValue` said that it is not to be kept. */
  readonly value: string | null;
  /** The first line is 1. */
  readonly line: number;
}

/** One section with its entries, in the order of the file. Sections and keys may repeat; nothing is merged. */
export interface IniSection {
  /** The text between the brackets; empty for what stands before the first section. */
  readonly name: string;
  readonly line: number;
  readonly entries: readonly IniEntry[];
}

/** A line that is neither a section nor an entry. Its text is not kept: it may be a mistyped key. */
export interface IniProblem {
  readonly line: number;
  readonly reason: string;
}

/** What a file says, in its own order. */
export interface Ini {
  readonly sections: readonly IniSection[];
  readonly problems: readonly IniProblem[];
}

/** The dialect. */
export interface IniOptions {
  /** A line that starts with one of these is a comment. */
  readonly commentMarks: readonly ('#' | ';')[];
  /** Everything after this mark is a comment, wherever it stands, as wg-quick has it for '#'. */
  readonly inlineCommentMark?: '#' | ';';
  /** Whether a value may be kept in memory. Default: all. Say no to secrets. */
  readonly keepValue?: (section: string, key: string) => boolean;
}

/** 10 000 peers of ten lines each. */
const maxLines = 100_000;
/** 1 000 allowed IPs on one line. */
const maxLineLength = 65_536;

/**
 * Reads an INI dialect without losing anything that counts: order, repetition and line numbers stay.
 * Whatever the text is, it never throws; what cannot be read is listed in `problems`.
 */
export function parseIni(text: string, options: IniOptions): Ini {
  const sections: (IniSection & { readonly entries: IniEntry[] })[] = [];
  const problems: IniProblem[] = [];
  let current: (typeof sections)[number] | null = null;
  const lines = text.replace(/^\ufeff/, '').split('\n', maxLines + 1);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    if (index === maxLines) {
      problems.push({ line, reason: `the file has more than ${maxLines} lines; the rest was not read` });
      break;
    }
    if (raw.length > maxLineLength) {
      problems.push({ line, reason: `the line is longer than ${maxLineLength} characters` });
      continue;
    }
    const content = withoutComment(raw, options).trim();
    if (content === '') continue;
    if (content.startsWith('[')) {
      if (content.endsWith(']')) {
        current = { name: content.slice(1, -1).trim(), line, entries: [] };
        sections.push(current);
        continue;
      }
      problems.push({ line, reason: "a section's name does not end with ']'" });
      // What follows belongs to a section we do not know, not to the one before.
      current = { name: '', line, entries: [] };
      sections.push(current);
      continue;
    }
    const equals = content.indexOf('=');
    const key = equals === -1 ? '' : content.slice(0, equals).trim();
    if (key === '') {
      problems.push({ line, reason: 'it is neither a section nor "key = value"' });
      continue;
    }
    if (current === null) {
      current = { name: '', line, entries: [] };
      sections.push(current);
    }
    const keep = options.keepValue?.(current.name, key) ?? true;
    current.entries.push({ key, value: keep ? content.slice(equals + 1).trim() : null, line });
  }
  return { sections, problems };
}

function withoutComment(line: string, options: IniOptions): string {
  const trimmed = line.trimStart();
  if (options.commentMarks.some((mark) => trimmed.startsWith(mark))) return '';
  if (options.inlineCommentMark === undefined) return line;
  const mark = line.indexOf(options.inlineCommentMark);
  return mark === -1 ? line : line.slice(0, mark);
}
