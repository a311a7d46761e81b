import { Isol8Error } from '../foundation/errors.js';
import type { NetlinkRequest } from './message.js';

/** A value that requests differ in: its bytes in a message, and two values of which no byte is the same. */
export interface TemplateField<Value> {
  readonly samples: readonly [Value, Value];
  bytes(value: Value): Uint8Array;
}

export type TemplateFields<Values> = { readonly [Name in keyof Values]: TemplateField<Values[Name]> };

/**
 * Requests that differ in a few values only are made twice, with the two samples of each, and from then on the values are just
 * put where the samples were. What `make` gives must depend on nothing else, and the bytes of a value be always as many.
 *
 * @throws Isol8Error ERR_INTERNAL when there is more to the requests than the fields.
 */
export function requestTemplate<Values extends object>(
  make: (values: Values) => readonly NetlinkRequest[],
  fields: TemplateFields<Values>,
): (values: Values) => NetlinkRequest[] {
  const names = Object.keys(fields) as (keyof Values)[];
  const sample = (which: 0 | 1): Values =>
    Object.fromEntries(names.map((name) => [name, fields[name].samples[which]])) as Values;
  const [base, other] = [make(sample(0)), make(sample(1))];
  const [before, after] = [allBodies(base), allBodies(other)];
  const places = names.map((field) => ({ field, at: placesOf(fields[field], before, after) }));
  const fill = (values: Values): NetlinkRequest[] => {
    const bytes = Uint8Array.from(before);
    for (const { field, at } of places) {
      const value = fields[field].bytes(values[field]);
      for (const place of at) bytes.set(value, place);
    }
    let end = 0;
    return base.map((request, index) => {
      const start = end;
      end += request.body.length;
      return new Filled(request, bytes.subarray(start, end), () => make(values)[index] as NetlinkRequest);
    });
  };
  check(fill(sample(1)), other);
  return fill;
}

const allBodies = (requests: readonly NetlinkRequest[]): Buffer =>
  Buffer.concat(requests.map(({ body }) => body));

function placesOf<Value>({ samples, bytes }: TemplateField<Value>, before: Buffer, after: Buffer): number[] {
  const [one, other] = [bytes(samples[0]), bytes(samples[1])];
  const places: number[] = [];
  for (let at = before.indexOf(one); at >= 0; at = before.indexOf(one, at + 1))
    if (after.subarray(at, at + other.length).equals(other)) places.push(at);
  return places;
}

function check(filled: readonly NetlinkRequest[], made: readonly NetlinkRequest[]): void {
  const same = filled.every(({ body, type, flags, slow }, i) => {
    const like = made[i];
    const alike = like?.type === type && like.flags === flags && like.slow === slow;
    return alike && Buffer.compare(like.body, body) === 0;
  });
  if (!same || filled.length !== made.length)
    throw new Isol8Error('ERR_INTERNAL', 'these requests differ in more than the fields of their template');
}

/** What is for errors is made when there is one. */
class Filled implements NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly slow: boolean | undefined;
  readonly body: Uint8Array;
  readonly #made: () => NetlinkRequest;

  constructor({ type, flags, slow }: NetlinkRequest, body: Uint8Array, made: () => NetlinkRequest) {
    this.type = type;
    this.flags = flags;
    this.slow = slow;
    this.body = body;
    this.#made = made;
  }

  get what(): string {
    return this.#made().what;
  }

  get remedies(): NetlinkRequest['remedies'] {
    return this.#made().remedies;
  }
}
