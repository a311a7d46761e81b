/** The texts of /proc/PID, as proc(5) describes them. */
import { CAPABILITIES } from '../../syscalls/constants.js';
import type { CapabilitySets, CgroupPath } from './inspection.js';

/** What isol8 reads in /proc/PID/status. */
export interface ProcessStatus {
  readonly uid: number;
  readonly effectiveUid: number;
  readonly pids: readonly number[];
  readonly capabilities: CapabilitySets;
}

export function parseStatus(text: string): ProcessStatus {
  const fields = new Map(text.split('\n').map((line) => line.split(':\t') as [string, string | undefined]));
  const numbers = (name: string) => (fields.get(name) ?? '').split('\t').filter(Boolean).map(Number);
  const capabilities = (name: string) => capabilityNames(BigInt(`0x${fields.get(name)?.trim() || '0'}`));
  const [uid = 0, effectiveUid = uid] = numbers('Uid');
  return {
    uid,
    effectiveUid,
    pids: numbers('NSpid'),
    capabilities: {
      inheritable: capabilities('CapInh'),
      permitted: capabilities('CapPrm'),
      effective: capabilities('CapEff'),
      bounding: capabilities('CapBnd'),
      ambient: capabilities('CapAmb'),
    },
  };
}

/** A bit without a name is `CAP_63`. */
export function capabilityNames(set: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if ((set >> BigInt(bit)) & 1n) names.push(`CAP_${CAPABILITIES[bit] ?? bit}`);
  }
  return names;
}

/** `12:cpu,cpuacct:/a:b` for v1, `0::/a` for v2; a path may have colons. */
export function parseCgroups(text: string): CgroupPath[] {
  return [...text.matchAll(/^(\d+):([^:\n]*):(.*)$/gm)].map(([, hierarchy, controllers = '', path = '']) => ({
    hierarchy: Number(hierarchy),
    controllers: controllers.split(',').filter(Boolean),
    path,
  }));
}
