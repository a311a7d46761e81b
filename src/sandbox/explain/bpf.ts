/** Instructions of classic BPF as linux/filter.h has them, which is how strace shows a seccomp filter. */
import { SECCOMP } from '../../syscalls/constants.js';
import type { Argument } from '../../syscalls/plan.js';
import { countOf, memberAt, structOf } from './structs.js';

type Names = Readonly<Record<number, string>>;

/** linux/bpf_common.h; of every class the part that a seccomp filter may use. */
const LOAD = { class: 0x00, name: 'BPF_LD' };
const JUMP = { class: 0x05, name: 'BPF_JMP' };
const RETURN = { class: 0x06, name: 'BPF_RET' };
const SIZES: Names = { 0: 'BPF_W', 8: 'BPF_H', 16: 'BPF_B' };
const MODES: Names = { 0: 'BPF_IMM', 32: 'BPF_ABS', 64: 'BPF_IND', 96: 'BPF_MEM', 128: 'BPF_LEN' };
const JUMPS: Names = { 0: 'BPF_JA', 16: 'BPF_JEQ', 32: 'BPF_JGT', 48: 'BPF_JGE', 64: 'BPF_JSET' };
const SOURCES: Names = { 0: 'BPF_K', 8: 'BPF_X' };
const RETURNED: Names = { 0: 'BPF_K', 8: 'BPF_X', 16: 'BPF_A' };

const ACTIONS = new Map<number, string>([
  [SECCOMP.RET_ALLOW, 'SECCOMP_RET_ALLOW'],
  [SECCOMP.RET_KILL_PROCESS, 'SECCOMP_RET_KILL_PROCESS'],
]);

/** One text per instruction; flags are joined by `or`. */
export function bpfInstructions(program: Argument, or: string): string[] {
  const struct = structOf('sockfilter');
  return Array.from({ length: countOf(struct, program) }, (_, i) => {
    const [code, ifTrue, ifFalse, value] = struct.fields.map(({ at, size }) =>
      Number(memberAt(program, i * struct.size + at, size) ?? 0),
    ) as [number, number, number, number];
    const parts = codeNames(code).join(or);
    const number = (code & 7) === RETURN.class ? ACTIONS.get(value) : undefined;
    if ((code & 7) !== JUMP.class) return `BPF_STMT(${parts}, ${number ?? hex(value)})`;
    return `BPF_JUMP(${parts}, ${hex(value)}, ${hex(ifTrue)}, ${hex(ifFalse)})`;
  });
}

function codeNames(code: number): string[] {
  const known = [LOAD, JUMP, RETURN].find((one) => one.class === (code & 7));
  if (known === LOAD) return [known.name, SIZES[code & 0x18] ?? '', MODES[code & 0xe0] ?? ''];
  if (known === JUMP) return [known.name, SOURCES[code & 8] ?? '', JUMPS[code & 0xf0] ?? ''];
  if (known === RETURN) return [known.name, RETURNED[code & 0x18] ?? ''];
  return [hex(code)];
}

/** As printf's `%#x`. */
const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`);
