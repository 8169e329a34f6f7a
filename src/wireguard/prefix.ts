import { parseAddress } from './address.ts';

/** An address with a mask, as in AllowedIPs and Address lines: `172.25.1.1/24`. */
export interface Prefix {
  readonly family: 4 | 6;
  /** The address as written, host part included, in canonical spelling. */
  readonly address: string;
  readonly addressValue: bigint;
  /** 0 to 32 or 128. */
  readonly length: number;
  /** The first address of the prefix. */
  readonly firstValue: bigint;
  /** The last address of the prefix. */
  readonly lastValue: bigint;
}

/** Reads `address/length` or a bare address (a prefix of one); null if it is neither. No zones. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const parsed = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (parsed === null || parsed.mapped || parsed.address.includes('%')) return null;
  const bits = parsed.family === 4 ? 32 : 128;
  const lengthText = slash === -1 ? String(bits) : text.slice(slash + 1);
  if (!/^[0-9]{1,3}$/.test(lengthText) || Number(lengthText) > bits) return null;
  const length = Number(lengthText);
  const hostMask = (1n << BigInt(bits - length)) - 1n;
  const addressValue = addressToValue(parsed.address);
  const firstValue = addressValue & ~hostMask;
  return {
    family: parsed.family,
    address: parsed.address,
    addressValue,
    length,
    firstValue,
    lastValue: firstValue | hostMask,
  };
}

/** Whether the address `value` of that family lies in the prefix. */
export function prefixContains(prefix: Prefix, family: 4 | 6, value: bigint): boolean {
  return prefix.family === family && value >= prefix.firstValue && value <= prefix.lastValue;
}

/** The canonical text of an address given as a number. */
export function valueToAddress(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  return parseAddress(groups.join(':'))?.address ?? groups.join(':');
}

/** The number of a canonical address without a zone. */
function addressToValue(address: string): bigint {
  if (!address.includes(':')) {
    return address.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
  }
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...middle, ...after].reduce((value, part) => (value << 16n) | BigInt(`0x${part}`), 0n);
}
