/** Sums up everything that happened in one number: two runs are the same if and only if (almost surely) these are. */
export interface TraceHash {
  number(value: number): void;
  text(value: string): void;
  /** Sixteen hexadecimal digits. */
  digest(): string;
}

/** Makes an empty trace. Not cryptographic: it only has to notice a difference. */
export function createTraceHash(): TraceHash {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  const float = new Float64Array(1);
  const words = new Uint32Array(float.buffer);
  const add = (word: number): void => {
    one = Math.imul(one ^ word, 0x01000193);
    other = Math.imul(other ^ (word + (other >>> 15)), 0x85ebca6b);
    other = (other << 13) | (other >>> 19);
  };
  return {
    number(value) {
      float[0] = value;
      add(words[0] as number);
      add(words[1] as number);
    },
    text(value) {
      for (let index = 0; index < value.length; index++) add(value.charCodeAt(index));
      add(0x10000);
    },
    digest: () => [one, other].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}
