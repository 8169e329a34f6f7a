/**
 * A Markdown table whose columns are padded, so that a terminal shows it as well as a page. The columns of these
 * indices hold text and are set to the left, all others numbers, to the right. Missing cells are empty.
 */
export function layOut(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: readonly number[],
): string {
  const isText = (column: number) => textColumns.includes(column);
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? '';
      return isText(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => `${'-'.repeat(width - 1)}${isText(column) ? '-' : ':'}`);
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}
