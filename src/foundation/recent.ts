/** Values that take long to make, kept by what they were made from; the ones not used for longest go first. */
export class Recent<Value extends object> {
  readonly #values = new Map<string, Value>();
  readonly #limit: number;
  /** The one used last, which most often is the next one too. */
  #last: { readonly key: string; readonly value: Value } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value kept for this key, or a new one. Without a key nothing is kept. */
  get(key: string | undefined, make: () => Value): Value {
    if (key === undefined) return make();
    if (this.#last?.key === key) return this.#last.value;
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key); // and to the end
    this.#values.set(key, value);
    if (this.#values.size > this.#limit) this.#values.delete(this.#values.keys().next().value as string);
    this.#last = { key, value };
    return value;
  }
}

/**
 * A text that is the same for two values only when they mean the same; undefined for anything but plain data, of which
 * JSON would drop or change a part (functions, instances of classes, NaN, bigints).
 */
export function plainKey(value: unknown): string | undefined {
  return isPlain(value) ? JSON.stringify(value) : undefined;
}

function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || isPlainObject(value);
    default:
      return false;
  }
}

function isPlainObject(value: object): boolean {
  if (Array.isArray(value)) return value.every((item) => item !== undefined && isPlain(item));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) if (!isPlain(value[key as keyof typeof value])) return false;
  return true;
}
