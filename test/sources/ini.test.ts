import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IniOptions, parseIni } from '../../src/sources/ini.ts';

const wgQuick: IniOptions = { commentMarks: ['#'], inlineCommentMark: '#' };
const keyfile: IniOptions = { commentMarks: ['#', ';'] };

describe('parseIni', () => {
  it('keeps repeated sections and keys, their order and their lines', () => {
    const ini = parseIni('\ufeff[Peer]\r\nA = 1\r\n\r\nA=2\r\n[Peer]\r\n a b =x = y \r\nempty=\r\n', wgQuick);
    expect(ini).toEqual({
      sections: [
        {
          name: 'Peer',
          line: 1,
          entries: [
            { key: 'A', value: '1', line: 2 },
            { key: 'A', value: '2', line: 4 },
          ],
        },
        {
          name: 'Peer',
          line: 5,
          entries: [
            { key: 'a b', value: 'x = y', line: 6 },
            { key: 'empty', value: '', line: 7 },
          ],
        },
      ],
      problems: [],
    });
  });

  it('has comments by dialect', () => {
    const text = '# one\n ; two\n[S] # three\nk = v # four ; five\n';
    expect(parseIni(text, wgQuick)).toMatchObject({
      sections: [{ name: 'S', entries: [{ key: 'k', value: 'v' }] }],
      problems: [{ line: 2 }],
    });
    expect(parseIni('# one\n ; two\n[S]\nk = v # four ; five\n', keyfile)).toMatchObject({
      sections: [{ name: 'S', entries: [{ key: 'k', value: 'v # four ; five' }] }],
      problems: [],
    });
  });

  it('does not add what follows a broken heading to the section before', () => {
    const ini = parseIni('[Peer]\na=1\n[Peer\nb=2\n', wgQuick);
    expect(ini.sections[0]?.entries).toEqual([{ key: 'a', value: '1', line: 2 }]);
    expect(ini.problems).toEqual([{ line: 3, reason: expect.any(String) }]);
  });

  it('does not keep a value it was told not to keep, nor the text of a bad line', () => {
    const options: IniOptions = {
      ...wgQuick,
      keepValue: (section, key) => `${section}.${key}` !== 'I.secret',
    };
    const ini = parseIni('[I]\nsecret = xyzzy\nother = 1\nsecret xyzzy\n', options);
    expect(ini.sections[0]?.entries).toEqual([
      { key: 'secret', value: null, line: 2 },
      { key: 'other', value: '1', line: 3 },
    ]);
    expect(JSON.stringify(ini)).not.toContain('xyzzy');
  });

  it('is bounded in lines and in their length', () => {
    const long = parseIni(`[S]\nk=${'x'.repeat(70_000)}\nl=1\n`, wgQuick);
    expect(long.problems).toEqual([{ line: 2, reason: expect.stringContaining('longer') }]);
    expect(long.sections[0]?.entries).toEqual([{ key: 'l', value: '1', line: 3 }]);
    const many = parseIni('k=1\n'.repeat(100_005), wgQuick);
    expect(many.sections[0]?.entries).toHaveLength(100_000);
    expect(many.problems).toEqual([{ line: 100_001, reason: expect.stringContaining('100000 lines') }]);
    expect(parseIni('k=1\n'.repeat(100_000).slice(0, -1), wgQuick).problems).toEqual([]);
  });

  it('reads back what was written', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9.:/,]{1,12}$/);
    const section = fc.record({ name: word, entries: fc.array(fc.tuple(word, word), { maxLength: 5 }) });
    fc.assert(
      fc.property(fc.array(section, { maxLength: 5 }), (sections) => {
        const text = sections
          .flatMap(({ name, entries }) => [
            `[${name}]`,
            ...entries.map(([key, value]) => `${key} = ${value} # note`),
          ])
          .join('\n');
        const read = parseIni(text, wgQuick).sections.map(({ name, entries }) => ({
          name,
          entries: entries.map(({ key, value }) => [key, value]),
        }));
        expect(read).toEqual(sections);
      }),
    );
  });

  it('never throws, and every line is accounted for at most once', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('[', ']', '=', '\n', '#', '[Peer]\n', 'a=b\n'),
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          for (const options of [wgQuick, keyfile]) {
            const ini = parseIni(text, options);
            const lines = [...ini.sections.flatMap(({ entries }) => entries), ...ini.problems].map(
              ({ line }) => line,
            );
            expect(new Set(lines).size).toBe(lines.length);
            for (const line of lines) expect(line).toBeLessThanOrEqual(text.split('\n').length);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
