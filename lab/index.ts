/** Real WireGuard in network namespaces, for end-to-end tests, the demo and the benchmarks. */
export type { ConfigPeer } from './client-files.ts';
export type { ClientWireguard } from './client-wireguard.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export type { DnsRecords, LabDns } from './dns.ts';
export type { Implementation } from './implementation.ts';
export { wireguardImplementation } from './implementation.ts';
export type { Lab, LabClient } from './lab.ts';
export { createLab } from './lab.ts';
export type { Namespace } from './namespace.ts';
export type { LabOptions, ServerAddress } from './options.ts';
export type { LabPath, PathRule } from './path.ts';
export { describeMissing, findMissing, requiredPrograms } from './requirements.ts';
export type { LabServer } from './server.ts';
export type { LabUplink } from './uplink.ts';
export { waitFor } from './wait.ts';
