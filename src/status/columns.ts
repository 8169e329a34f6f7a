/** What two columns are kept apart by. */
export const gap = '  ';

/** Characters as a terminal counts them, near enough: keys, endpoints and interface names have no wide ones. */
export function widthOf(text: string): number {
  return [...text].length;
}

/** Rows of equally many cells as lines of one width, blanks at the end included. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell))).join(gap),
  );
}

/** Breaks a sentence between words so that each line fits `columns`; a longer word stays whole. */
export function wrap(text: string, indent: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (line !== '' && widthOf(indent) + widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}
