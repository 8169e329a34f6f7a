import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** The few system calls that Node does not offer, bound by koffi. */
export interface TunCalls {
  /**
   * Opens the TUN device of that name (made beforehand) without blocking; throws with the reason if it
   * cannot.
   */
  open(device: string): number;
  /** Reads one packet into `buffer`; returns its length, or -1 when none waits. */
  read(fd: number, buffer: Buffer): number;
  /** Hands one packet to the kernel; false if it was refused. */
  write(fd: number, packet: Buffer): boolean;
  /**
   * Waits until one of the descriptors can be read, at most `timeoutMs` (null: for ever).
   * Returns those that can. A closed pipe counts as readable.
   */
  wait(fds: readonly number[], timeoutMs: number | null): number[];
}

const openFlags = 0o2 | 0o4000; // O_RDWR | O_NONBLOCK
const tunSetInterface = 0x400454ca; // TUNSETIFF
const tunWithoutHeader = 0x1001; // IFF_TUN | IFF_NO_PI: bare IP packets
const interfaceRequestBytes = 40; // struct ifreq
const pollReadable = 0x001;
const pollBytes = 8; // struct pollfd

/** Loads the calls. Throws if koffi has no library for this machine. */
export function loadTunCalls(): TunCalls {
  // createRequire and not import: the ESM loader costs several megabytes and milliseconds more for a
  // CommonJS package.
  const koffi: typeof Koffi = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  const openFile = libc.func('int open(const char *path, int flags)');
  const control = libc.func('int ioctl(int fd, unsigned long request, uint8_t *argument)');
  const readFile = libc.func('long read(int fd, _Out_ uint8_t *buffer, size_t size)');
  const writeFile = libc.func('long write(int fd, uint8_t *buffer, size_t size)');
  const poll = libc.func(
    'int ppoll(_Inout_ uint8_t *fds, unsigned long count, uint8_t *timeout, void *signals)',
  );

  const polled = Buffer.alloc(pollBytes * 8);
  const timeout = Buffer.alloc(16);

  return {
    open: (device) => {
      const fd: number = openFile('/dev/net/tun', openFlags);
      if (fd < 0)
        throw new Error(`Cannot open /dev/net/tun (errno ${koffi.errno()}): does this kernel have TUN?`);
      const request = Buffer.alloc(interfaceRequestBytes);
      request.write(device, 'latin1');
      request.writeUInt16LE(tunWithoutHeader, 16);
      if (control(fd, tunSetInterface, request) < 0) {
        throw new Error(`Cannot attach to the TUN device ${device} (errno ${koffi.errno()}).`);
      }
      return fd;
    },
    read: (fd, buffer) => Number(readFile(fd, buffer, buffer.length)),
    write: (fd, packet) => Number(writeFile(fd, packet, packet.length)) === packet.length,
    wait: (fds, timeoutMs) => {
      fds.forEach((fd, index) => {
        polled.writeInt32LE(fd, index * pollBytes);
        polled.writeInt32LE(pollReadable, index * pollBytes + 4);
      });
      if (timeoutMs !== null) {
        const wholeS = Math.floor(timeoutMs / 1000);
        timeout.writeBigInt64LE(BigInt(wholeS), 0);
        timeout.writeBigInt64LE(BigInt(Math.round((timeoutMs - wholeS * 1000) * 1e6)), 8);
      }
      const ready: number = poll(polled, fds.length, timeoutMs === null ? null : timeout, null);
      if (ready <= 0) return [];
      return fds.filter((_, index) => polled.readInt16LE(index * pollBytes + 6) !== 0);
    },
  };
}
