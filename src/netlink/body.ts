import { Attributes } from './attributes.js';
import { NetlinkDecodeError } from './errors.js';
import type { NetlinkMessage } from './message.js';

/** The attributes behind the family's struct, once the message is known to be of one of these types and long enough. */
export function attributesOf(message: NetlinkMessage, types: readonly number[], header: number): Attributes {
  checkBody(message, types, header);
  return new Attributes(message.body, header);
}

/** The same for a message of any type. */
export function attributesBehind(message: NetlinkMessage, header: number): Attributes {
  checkLength(message, header);
  return new Attributes(message.body, header);
}

/** Throws NetlinkDecodeError. */
export function checkBody(message: NetlinkMessage, types: readonly number[], header: number): void {
  const { type } = message;
  if (!types.includes(type))
    throw new NetlinkDecodeError(`a message of type ${type}, not ${types.join(' or ')}`);
  checkLength(message, header);
}

function checkLength({ type, body }: NetlinkMessage, header: number): void {
  if (body.length < header)
    throw new NetlinkDecodeError(`a message of type ${type} with ${body.length} bytes`);
}

/** Throws NetlinkDecodeError. */
export function needed<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new NetlinkDecodeError(`${what} is missing`);
  return value;
}

/** Those of the names whose bits are set, each as a field that is true: absent stands for false. */
export function trueFlags<Name extends string>(
  bits: number,
  names: Readonly<Record<Name, number>>,
): { [name in Name]?: true } {
  const found: { [name in Name]?: true } = {};
  if (bits === 0) return found;
  for (const name in names) if (bits & names[name]) found[name] = true;
  return found;
}
