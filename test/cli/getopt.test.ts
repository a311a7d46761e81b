import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../src/cli/getopt.js';
import type { CommandSpec } from '../../src/cli/options.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { list, run } from './sample-command.js';

function messageOf(argv: string[], spec: CommandSpec = run): string {
  try {
    parseOptions(spec, argv);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, 'ERR_USAGE');
    return error.message;
  }
  return assert.fail('accepted');
}

test('values keep their order and the last one wins', () => {
  const parsed = parseOptions(run, ['-e', 'A=1', '--hostn=x', '--env=B=2', '-pfhy', '-m', '--', '-e', 'C=3']);
  assert.deepEqual(
    parsed.values.map(({ name, value }) => [name, value]),
    [
      ['-e', 'A=1'],
      ['--hostn', 'x'],
      ['--env', 'B=2'],
      ['-p', undefined],
      ['-f', undefined],
      ['-h', 'y'],
      ['-m', undefined],
    ],
  );
  assert.deepEqual(parsed.operands, ['-e', 'C=3']);
  assert.deepEqual(parsed.all('env'), ['A=1', 'B=2']);
  assert.equal(parsed.last('hostname'), 'y');
  assert.ok(parsed.has('mount'));
  assert.equal(parsed.last('mount'), undefined);
  assert.deepEqual(parsed.all('mount'), []);
  assert.ok(!parsed.has('mount-proc'));
});

test('the names the accessors take are those of the table, at compile time', () => {
  const parsed = parseOptions(run, []);
  // @ts-expect-error there is no such option
  assert.equal(parsed.has('hostnme'), false);
});

test('options end at the first operand of a command, and may stand between the operands of others', () => {
  assert.deepEqual(parseOptions(run, ['-p', 'ls', '-f']).operands, ['ls', '-f']);
  const parsed = parseOptions(list, ['1', '-J', '2', '--', '-x']);
  assert.deepEqual(parsed.operands, ['1', '2', '-x']);
  assert.ok(parsed.has('json'));
});

test('a command without operands refuses one by name', () => {
  assert.match(messageOf(['--json', 'x'], { ...list, operands: 'none' }), /^unexpected argument 'x'\n/);
});

test('an unknown long option is answered with the nearest one and where the help is', () => {
  assert.equal(
    messageOf(['--hostnme=x']),
    "unrecognized option '--hostnme=x'\nDid you mean '--hostname'?\nTry 'isol8 run --help' for more information.",
  );
  assert.equal(
    messageOf(['--zz-sercet']).includes('Did you mean'),
    false,
    'a hidden option is not suggested',
  );
});

test('an ambiguous abbreviation lists what it may be, but aliases of one option are no ambiguity', () => {
  assert.match(
    messageOf(['--map-u=1']),
    /^option '--map-u=1' is ambiguous; possibilities: '--map-user' '--map-users'\n/,
  );
  assert.equal(parseOptions(run, ['--map-user', '1']).last('map-user'), '1');
  assert.equal(parseOptions(run, ['--w', '/']).last('workdir'), '/');
});

test('a value outside the choices is refused with the choices and the nearest one', () => {
  assert.equal(
    messageOf(['--prop', 'privat']),
    "invalid argument 'privat' for '--prop': choose from private, shared, slave, unchanged\n" +
      "Did you mean 'private'?\nTry 'isol8 run --help' for more information.",
  );
  assert.match(
    messageOf(['--share=net,pdi']),
    /^invalid argument 'pdi' for '--share': .*\nDid you mean 'pid'\?/,
  );
  assert.match(messageOf(['--share=net,']), /^invalid argument '' for/);
  assert.match(messageOf(['--join=nett=1']), /^invalid argument 'nett=1' for .*net=\.\.\./);
  assert.equal(parseOptions(run, ['--join=net=1', '--share', 'net,pid']).last('join'), 'net=1');
  assert.equal(parseOptions(run, ['--map-user=1000']).last('map-user'), '1000', 'open choices');
});

test('a very long command is passed on whole', () => {
  const argv = Array.from({ length: 300_000 }, (_, index) => `a${index}`);
  assert.equal(parseOptions(run, ['-p', ...argv]).operands.length, 300_000);
});
