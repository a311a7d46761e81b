import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpecError } from '../../src/foundation/errors.js';
import { parseSignal, signalName } from '../../src/sandbox/process-spec.js';
import { LAST_SIGNAL } from '../../src/syscalls/constants.js';

describe('names of signals', () => {
  it('are read back as the signals that they were given to', () => {
    for (let number = 1; number <= LAST_SIGNAL; number++)
      assert.equal(parseSignal(signalName(number)), number, signalName(number));
  });

  it('are numbers for the two that the C library keeps to itself', () => {
    assert.deepEqual([31, 32, 33, 34, 35].map(signalName), [
      'SIGSYS',
      'SIG32',
      'SIG33',
      'SIGRTMIN',
      'SIGRTMIN+1',
    ]);
  });

  it('are none of those that no signal has', () => {
    for (const name of ['SIG31', 'SIG34', 'SIG032', 'SIG', 'SIGRTMIN+-1', 'SIGRTMIN+31', 'SIGRTMAX-31'])
      assert.throws(() => parseSignal(name), SpecError, name);
  });
});
