/** BLAKE2s with a key and any length of output (RFC 7693): Node has neither, and mac1 of WireGuard needs both. */
const iv = Uint32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a],
  ...[0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);
/** Which word of the block goes where, by round. */
const order = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;
/** Columns, then diagonals, of the four by four words of the state. */
const quarters = [
  ...[
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
  ],
  ...[
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
  ],
] as const;
const blockBytes = 64;

/** The hash of `message` with `key` (up to 32 bytes, may be empty), of `outputBytes` (up to 32). */
export function blake2s(message: Uint8Array, key: Uint8Array, outputBytes: number): Buffer {
  const keyBlock = Buffer.alloc(key.length > 0 ? blockBytes : 0);
  keyBlock.set(key);
  const input = Buffer.concat([keyBlock, message]);
  const state = Uint32Array.from(iv);
  state[0] = at(state, 0) ^ 0x01010000 ^ (key.length << 8) ^ outputBytes;
  const blocks = Math.max(1, Math.ceil(input.length / blockBytes));
  const padded = Buffer.alloc(blocks * blockBytes);
  padded.set(input);
  for (let block = 0; block < blocks; block += 1) {
    const isLast = block === blocks - 1;
    const counted = isLast ? input.length : (block + 1) * blockBytes;
    compress(state, padded.subarray(block * blockBytes, (block + 1) * blockBytes), counted, isLast);
  }
  const output = Buffer.alloc(32);
  for (const [index, word] of state.entries()) output.writeUInt32LE(word, index * 4);
  return output.subarray(0, outputBytes);
}

function compress(state: Uint32Array, block: Buffer, counted: number, isLast: boolean): void {
  const words = Uint32Array.from({ length: 16 }, (_, index) => block.readUInt32LE(index * 4));
  const work = Uint32Array.from([...state, ...iv]);
  work[12] = at(work, 12) ^ counted;
  if (isLast) work[14] = ~at(work, 14);
  for (const permuted of order) {
    quarters.forEach(([a, b, c, d], index) => {
      mix(work, a, b, at(words, permuted[2 * index] ?? 0), d, c, 16, 12);
      mix(work, a, b, at(words, permuted[2 * index + 1] ?? 0), d, c, 8, 7);
    });
  }
  for (let index = 0; index < 8; index += 1)
    state[index] = at(state, index) ^ at(work, index) ^ at(work, index + 8);
}

/** Half of the function G: adds a word and turns two others by so many bits. */
function mix(
  work: Uint32Array,
  a: number,
  b: number,
  word: number,
  d: number,
  c: number,
  turnD: number,
  turnB: number,
): void {
  work[a] = at(work, a) + at(work, b) + word;
  work[d] = turn(at(work, d) ^ at(work, a), turnD);
  work[c] = at(work, c) + at(work, d);
  work[b] = turn(at(work, b) ^ at(work, c), turnB);
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function at(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}
