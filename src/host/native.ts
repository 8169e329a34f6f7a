import { createRequire } from 'node:module';
import os from 'node:os';

/** What a socket is wanted for: ICMP echo without raw-socket rights, or plain UDP. */
export interface SocketWish {
  readonly family: 4 | 6;
  readonly kind: 'ping' | 'udp';
  /** SO_MARK: the interface's fwmark, so that the packets take the route WireGuard's own packets take. 0 is none. */
  readonly mark?: number;
  /** SO_BINDTODEVICE: packets leave and arrive by this interface only. */
  readonly device?: string;
  /** Hop limit, 1 to 255. */
  readonly ttl?: number;
}

/** The native library is missing, switched off, or cannot be used on this kind of machine. */
export interface NativeUnavailable {
  readonly kind: 'unavailable';
  readonly detail: string;
}

/** The kernel said no. `errno` is the symbolic name, for example `EACCES`. */
export interface NativeRefused {
  readonly kind: 'refused';
  readonly errno: string;
  readonly detail: string;
}

/** A socket, non-blocking and closed on exec. The caller owns the descriptor and must close it. */
export type SocketResult = { readonly kind: 'open'; readonly fd: number } | NativeUnavailable | NativeRefused;

/** Result of a lock operation that never waits. `busy`: somebody else holds the lock. */
export type FlockResult =
  | { readonly kind: 'locked' }
  | { readonly kind: 'unlocked' }
  | { readonly kind: 'busy' }
  | NativeUnavailable
  | NativeRefused;

/**
 * Opens a datagram socket that `dgram`'s `bind({ fd })` can adopt, with what Node's own sockets cannot set.
 *
 * On failure nothing stays open. Never sets IP_RECVERR: the libuv of Node 20 does not drain the error queue
 * and would spin. Errors of the network (a router's "host unreachable") are therefore silence.
 */
export function openSocket(wish: SocketWish): SocketResult {
  const library = loadLibrary();
  if (library.kind === 'unavailable') return library;
  const ipv4 = wish.family === 4;
  const icmp = ipv4 ? 1 : 58; // IPPROTO_ICMP, IPPROTO_ICMPV6
  const fd = library.socket(
    ipv4 ? 2 : 10, // AF_INET, AF_INET6
    2 | 0o2000000 | 0o4000, // SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK
    wish.kind === 'ping' ? icmp : 17, // IPPROTO_UDP
  );
  if (fd < 0) return refusal(library.errno(), `opening an IPv${wish.family} ${wish.kind} socket`);

  for (const option of optionsOf(wish)) {
    if (library.setsockopt(fd, option.level, option.name, option.value, option.value.length) < 0) {
      const refused = refusal(library.errno(), `setting ${option.label}`);
      library.close(fd);
      return refused;
    }
  }
  return { kind: 'open', fd };
}

/** Takes or gives back an advisory lock on an open file. Never waits. The kernel frees it when the file is closed. */
export function flock(fd: number, operation: 'exclusive' | 'unlock'): FlockResult {
  const library = loadLibrary();
  if (library.kind === 'unavailable') return library;
  const code = operation === 'exclusive' ? 2 | 4 : 8; // LOCK_EX | LOCK_NB, LOCK_UN
  if (library.flock(fd, code) === 0) return { kind: operation === 'exclusive' ? 'locked' : 'unlocked' };
  const errno = library.errno();
  if (errno === os.constants.errno.EWOULDBLOCK) return { kind: 'busy' };
  return refusal(errno, 'locking a file');
}

/** An empty file in memory only, closed on exec; the caller owns the descriptor and must close it. */
export type MemoryFileResult =
  | { readonly kind: 'open'; readonly fd: number }
  | NativeUnavailable
  | NativeRefused;

/** Opens a file that has no name in any file system. `name` is shown in /proc only. */
export function openMemoryFile(name: string): MemoryFileResult {
  const library = loadLibrary();
  if (library.kind === 'unavailable') return library;
  if (library.memfdCreate === null) {
    return { kind: 'unavailable', detail: 'this C library knows no memfd_create' };
  }
  const fd = library.memfdCreate(name, 1); // MFD_CLOEXEC
  return fd < 0 ? refusal(library.errno(), 'opening a file in memory') : { kind: 'open', fd };
}

function optionsOf(wish: SocketWish) {
  const options: { level: number; name: number; value: Buffer; label: string }[] = [];
  if (wish.mark !== undefined && wish.mark !== 0) {
    options.push({ level: 1, name: 36, value: nativeUint32(wish.mark), label: `mark ${wish.mark}` });
  }
  if (wish.device !== undefined) {
    const value = Buffer.from(`${wish.device}\0`);
    options.push({ level: 1, name: 25, value, label: `device ${wish.device}` });
  }
  if (wish.ttl !== undefined) {
    const [level, name] = wish.family === 4 ? [0, 2] : [41, 16]; // IP_TTL, IPV6_UNICAST_HOPS
    options.push({ level, name, value: nativeUint32(wish.ttl), label: `hop limit ${wish.ttl}` });
  }
  return options;
}

function nativeUint32(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}

function refusal(errno: number, doing: string): NativeRefused {
  const name =
    Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  return { kind: 'refused', errno: name, detail: `${doing}: ${name}` };
}

/** The part of koffi that is used here. Another binding with these two functions could take its place. */
interface Koffi {
  load(path: string | null): { func(prototype: string): (...args: unknown[]) => number };
  errno(): number;
}

interface Library {
  readonly kind: 'loaded';
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  flock(fd: number, operation: number): number;
  close(fd: number): number;
  /** Null with C libraries older than glibc 2.27. */
  readonly memfdCreate: ((name: string, flags: number) => number) | null;
  /** Of the last call; must be read before any other call. */
  errno(): number;
}

/** Where the numbers of Linux's generic ABI used above are right; MIPS, Alpha, PA-RISC and SPARC have others. */
const knownArchitectures = ['x64', 'arm64', 'arm', 'ia32', 'riscv64', 'loong64', 'ppc64'];

let loaded: Library | NativeUnavailable | undefined;

/** `WG_REACH_NO_NATIVE=1` switches the library off, for hosts where it misbehaves. */
function loadLibrary(): Library | NativeUnavailable {
  if (process.env.WG_REACH_NO_NATIVE === '1') {
    return { kind: 'unavailable', detail: 'switched off by WG_REACH_NO_NATIVE=1' };
  }
  loaded ??= bindLibrary();
  return loaded;
}

function bindLibrary(): Library | NativeUnavailable {
  if (process.platform !== 'linux' || !knownArchitectures.includes(process.arch)) {
    return { kind: 'unavailable', detail: `no native sockets on ${process.platform} ${process.arch}` };
  }
  try {
    // createRequire costs 3 MB less memory than import does for this package.
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    // The process itself has the C library in it, whatever that is called (glibc, musl).
    const library = koffi.load(null);
    return {
      kind: 'loaded',
      socket: library.func('int socket(int, int, int)'),
      setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
      flock: library.func('int flock(int, int)'),
      close: library.func('int close(int)'),
      memfdCreate: bindMemfdCreate(library),
      errno: () => koffi.errno(),
    };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
    return { kind: 'unavailable', detail: `the native library koffi does not load: ${reason}` };
  }
}

function bindMemfdCreate(library: ReturnType<Koffi['load']>): Library['memfdCreate'] {
  try {
    return library.func('int memfd_create(const char *, unsigned int)');
  } catch {
    return null;
  }
}
