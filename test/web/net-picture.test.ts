import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { layOut } from '../../src/web/graph/lay-out.js';
import { buildPicture } from '../../src/web/net/build-picture.js';
import { renderDot } from '../../src/web/net/dot.js';
import { renderMermaid } from '../../src/web/net/mermaid.js';
import { devicesOf, type NetPicture } from '../../src/web/net/picture.js';
import { renderText } from '../../src/web/net/text.js';
import { readings } from './net-readings.js';

/** The words of the texts of a picture, as a browser shows them. */
function textsOf(svg: string): string[] {
  const decode = (text: string): string =>
    text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
      if (name !== undefined)
        return { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[name as string] ?? whole;
      return String.fromCodePoint(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal));
    });
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    decode(text).replaceAll('\u00a0', ' '),
  );
}

const spaced = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const namesIn = ({ places }: NetPicture): string[] => [
  ...places.map(({ title }) => title),
  ...places.flatMap(devicesOf).map(({ name }) => name),
];

describe('a picture of networks, whatever was read', () => {
  const pictures = readings.map(buildPicture);

  it('has every namespace and every link once', () => {
    fc.assert(
      fc.property(readings, (reading) => {
        const { places } = buildPicture(reading);
        assert.deepEqual(
          places.map(({ id }) => id).sort(),
          reading.places.map(({ namespace }) => `n${namespace.inode}`).sort(),
        );
        for (const { namespace, network } of reading.places) {
          const drawn = places.find(({ id }) => id === `n${namespace.inode}`);
          const indexes = devicesOf(drawn as (typeof places)[0]).map(({ index }) => index);
          assert.deepEqual(indexes.sort(), (network?.links ?? []).map(({ index }) => index).sort());
        }
      }),
    );
  });

  it('leads cables only to what is drawn, each once, away from the first place', () => {
    fc.assert(
      fc.property(pictures, ({ places, cables }) => {
        const order = places.map(({ id }) => id);
        for (const { from, to } of cables) {
          assert.ok(order.includes(from.place) && order.indexOf(from.place) <= order.indexOf(to.place));
          for (const { place, device } of [from, to]) {
            const devices = devicesOf(places.find(({ id }) => id === place) as (typeof places)[0]);
            assert.ok(device === undefined || devices.some(({ index }) => index === device));
          }
        }
        const keys = cables.map(({ from, to }) => JSON.stringify([from, to]));
        assert.equal(new Set(keys).size, keys.length);
      }),
    );
  });

  it('is taken for text by Graphviz, word for word', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, async (picture) => {
        const svg = await layOut(renderDot(picture));
        assert.match(svg, /<\/svg>\s*$/);
        assert.doesNotMatch(svg, /<script|<a /);
        const texts = textsOf(svg).map(spaced);
        for (const name of namesIn(picture))
          assert.ok(texts.includes(spaced(name)), `${JSON.stringify(name)} in ${texts}`);
      }),
      { numRuns: 60 },
    );
  });

  it('is taken for text by Mermaid', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        for (const line of renderMermaid(picture).trimEnd().split('\n').slice(1)) {
          const words = /"(.*)"/.exec(line)?.[1] ?? '';
          assert.match(words.replaceAll('<br>', ' '), /^[\p{L}\p{N} .,:/_#;-]*$/u, line);
          assert.match(
            line.replace(/"[^"]*"/g, '"'),
            /^ +(?:(?:subgraph )?\w+ ?\["\](?::::\w+)?|end|classDef .*|\w+ (?:---|-\.-|-\.-\|"\|) \w+)$/,
          );
        }
      }),
    );
  });

  it('has nothing in it that a terminal would obey', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const text = renderText(picture, false);
        assert.match(text, /^(?:[^\p{C}\p{Zl}\p{Zp}]|\n)*$/u);
        const codes = renderText(picture, true).split('\x1b').slice(1);
        for (const code of codes) assert.match(code, /^\[\d+m/);
      }),
    );
  });
});
