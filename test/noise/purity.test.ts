import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const noise = new URL('../../src/noise/', import.meta.url);
const files = readdirSync(noise).filter((name) => name.endsWith('.ts'));
/** What computes. Everything random and every clock reading is passed in. */
const allowed = ['node:crypto', '@noble/hashes/blake2.js', '@noble/ciphers/chacha.js'];

describe('the handshake messages', () => {
  it('have files to look at', () => {
    expect(files).toContain('initiation.ts');
  });

  it.each(files)('%s: imports what computes, and nothing from outside', (name) => {
    const code = readFileSync(new URL(name, noise), 'utf8');
    for (const [, target = ''] of code.matchAll(/\bfrom\s+'([^']+)'/g)) {
      expect(allowed.includes(target) || /^\.\/[\w-]+\.ts$/.test(target), target).toBe(true);
    }
  });

  it.each(files)('%s: reads no clock, no chance and no world', (name) => {
    const code = readFileSync(new URL(name, noise), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(code).not.toMatch(
      /\b(?:Date|performance|random\w*|generateKeyPair\w*|process|console|set(?:Timeout|Immediate)|await|Promise)\b/,
    );
  });
});
