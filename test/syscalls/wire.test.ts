import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderWireHeader } from '../../scripts/wire-header.js';
import * as wire from '../../src/syscalls/wire.js';
import { has, withFolder } from '../native/compiled.js';

const LAYOUTS = [wire.HEADER, wire.STEP, wire.RELOCATION, wire.FAILURE, wire.RECORD];

describe('the wire format', () => {
  it('is in native/include/wire.h what the table says', () => {
    assert.equal(readFileSync('native/include/wire.h', 'utf8'), renderWireHeader(), 'npm run generate');
  });

  const skip = !has('cc', '--version') && 'needs a C compiler (cc)';
  it('is laid out by a C compiler as the table says', { skip }, () => {
    const checks = LAYOUTS.flatMap(({ name, fields }) =>
      Object.entries(fields).map(([field, { at }]) => {
        const member = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        return `_Static_assert(offsetof(struct ${name}, ${member}) == ${at}, "${name}.${field}");`;
      }),
    );
    withFolder((folder) => {
      const source = join(folder, 'layout.c');
      writeFileSync(source, ['#include <stddef.h>', '#include "wire.h"', ...checks, ''].join('\n'));
      const { status, stderr } = spawnSync('cc', ['-fsyntax-only', '-Inative/include', source], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
    });
  });

  it('has no holes, so that every byte of a plan is accounted for', () => {
    for (const { name, size, fields } of LAYOUTS) {
      assert.equal(size % 4, 0, name);
      const starts = Object.values(fields).map(({ at }) => at);
      assert.deepEqual(
        starts,
        [...starts].sort((a, b) => a - b),
        name,
      );
    }
    assert.equal(wire.HEADER.size % 8, 0, 'steps hold 64-bit numbers');
    assert.equal(wire.STEP.size % 8, 0);
    assert.equal((wire.STEP.fields as { args: { at: number } }).args.at % 8, 0);
  });
});
