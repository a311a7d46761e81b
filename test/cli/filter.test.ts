import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileFilter } from '../../src/cli/filter.js';
import { FilterError } from '../../src/cli/filter-tokens.js';

const COLUMNS = ['NS', 'TYPE', 'USER', 'KEPT-BY'];
const ROW: Readonly<Record<string, string | number | undefined>> = { NS: 12, TYPE: 'net', USER: undefined };
const holds = (text: string): boolean => compileFilter(text, COLUMNS)((name) => ROW[name]);

interface Sample {
  readonly text: string;
  readonly value: boolean;
}

/** Expressions with what they are, made together. */
const { sample } = fc.letrec<{ sample: Sample; leaf: Sample }>((tie) => {
  const leaf = fc.oneof(
    fc
      .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'lt', 'GE'), fc.integer())
      .map(([sign, number]) => {
        const is = {
          '==': 12 === number,
          '!=': 12 !== number,
          '<': 12 < number,
          '<=': 12 <= number,
          '>': 12 > number,
        };
        const value = (is as Record<string, boolean>)[sign] ?? (sign === 'lt' ? 12 < number : 12 >= number);
        return { text: `ns ${sign} ${number}`, value };
      }),
    fc.boolean().map((value) => ({ text: String(value), value })),
    fc.constantFrom(
      { text: 'TYPE =~ "^n.t$"', value: true },
      { text: "type !~ 'x'", value: true },
      { text: 'USER', value: false },
    ),
  );
  const both = (sign: string, join: (a: boolean, b: boolean) => boolean) =>
    fc
      .tuple(tie('sample'), tie('sample'))
      .map(([a, b]) => ({ text: `(${a.text}) ${sign} (${b.text})`, value: join(a.value, b.value) }));
  return {
    leaf,
    sample: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      tie('sample').map(({ text, value }) => ({ text: `!(${text})`, value: !value })),
      both('&&', (a, b) => a && b),
      both('or', (a, b) => a || b),
    ),
  };
});

describe('a filter', () => {
  it('means what its parts mean', () => {
    fc.assert(fc.property(sample, ({ text, value }) => assert.equal(holds(text), value, text)));
  });

  it('binds not before and before or', () => {
    assert.equal(holds('true || false && false'), true);
    assert.equal(holds('not false and true'), true);
    assert.equal(holds('!NS == 12'), false);
    assert.equal(holds('NS > 1 && NS < 13 AND TYPE eq "net"'), true);
  });

  it('compares text as text and numbers as numbers', () => {
    assert.equal(holds('NS == "12"'), true);
    assert.equal(holds('NS > 9'), true);
    assert.equal(holds('TYPE < "pid"'), true);
    assert.equal(holds('USER == ""'), true);
    assert.equal(holds('USER != "root"'), true);
    assert.equal(holds('USER < "z" or USER > "a"'), false);
    assert.equal(holds('KEPT-BY'), false);
  });

  it('says where it is wrong', () => {
    const wrong: [text: string, at: number, problem: RegExp][] = [
      ['', 0, /ends where a value/],
      ['NS >', 4, /ends where a value/],
      ['NS > 1 )', 7, /'\)' is not expected/],
      ['(NS', 3, /'\)' is missing/],
      ['NPROC > 1', 0, /no column NPROC/],
      ['TYPE == "net', 8, /string does not end/],
      ['TYPE =~ net', 8, /in quotes/],
      ['TYPE =~ "("', 8, /regular expression/i],
      ['NS = 1', 3, /'=' is not expected/],
      ['NS NS', 3, /'NS' is not expected/],
    ];
    for (const [text, at, problem] of wrong) {
      assert.throws(
        () => holds(text),
        (error) => error instanceof FilterError && error.at === at && problem.test(error.message),
        text,
      );
    }
  });

  it('throws nothing else, whatever it is given', () => {
    const words = fc.constantFrom(...'( ) ! && || == =~ NS TYPE "a" 1 -1.5 not and x \\ " \''.split(' '));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((each) => each.join(' ')),
        ),
        (text) => {
          try {
            holds(text);
          } catch (error) {
            assert.ok(error instanceof FilterError, String(error));
          }
        },
      ),
    );
  });
});
