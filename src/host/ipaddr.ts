import { createRequire } from 'node:module';

/**
 * The library for addresses. `import` of a CommonJS package makes Node load a parser of its exports, which takes 9 MB
 * for as long as the process lives; `createRequire` does not.
 */
export const ipaddr = createRequire(import.meta.url)('ipaddr.js') as typeof import('ipaddr.js');
