import * as wire from '../src/syscalls/wire.js';

const C_TYPES: Record<string, string> = { u16: 'uint16_t', u32: 'uint32_t', i32: 'int32_t', u64: 'uint64_t' };

const constant = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
const member = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function renderStruct(layout: wire.Layout): string {
  const fields = Object.entries(layout.fields).map(([name, { type }]) => {
    const [base = type, count] = type.split('[');
    return `    ${C_TYPES[base]} ${member(name)}${count ? `[${count}` : ''};`;
  });
  return [
    `struct ${layout.name} {`,
    ...fields,
    '};',
    `_Static_assert(sizeof(struct ${layout.name}) == ${layout.size}, "${layout.name}");`,
  ].join('\n');
}

function renderEnum(prefix: string, values: Record<string, number>): string {
  const rows = Object.entries(values).map(([name, value]) => `    ${prefix}_${constant(name)} = ${value},`);
  return ['enum {', ...rows, '};'].join('\n');
}

export function renderWireHeader(): string {
  const parts = [
    '/* Generated from src/syscalls/wire.ts by npm run generate; what the fields mean stands there. */',
    '#ifndef ISOL8_WIRE_H\n#define ISOL8_WIRE_H\n\n#include <stdint.h>',
    `#define PLAN_MAGIC 0x${wire.MAGIC.toString(16)}u`,
    `#define PLAN_VERSION ${wire.VERSION}`,
    `#define MAX_PLAN_SIZE ${wire.MAX_PLAN_SIZE}u`,
    `#define ERRNO_NAME_SIZE ${wire.ERRNO_NAME_SIZE}u`,
    `#define DECIMAL_SIZE ${wire.DECIMAL_SIZE}u`,
    `#define ANY_STEP 0x${wire.ANY_STEP.toString(16)}u`,
    `#define ANY_CALL 0x${wire.ANY_CALL.toString(16)}u`,
    `#define PLACE 0x${wire.PLACE.toString(16)}u`,
    renderEnum('MACHINE', wire.MACHINE),
    renderEnum('OP', wire.OP),
    renderEnum('WAITER', wire.WAITER),
    renderEnum('EXPECT', wire.EXPECT),
    renderEnum('RELOCATE', wire.RELOCATE),
    renderEnum('RECORD', wire.RECORD_KIND),
    renderEnum('EXIT', wire.EXIT),
    ...[wire.HEADER, wire.STEP, wire.RELOCATION, wire.FAILURE, wire.RECORD].map(renderStruct),
    '#endif\n',
  ];
  return parts.join('\n\n');
}
