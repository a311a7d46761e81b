/**
 * Every error isol8 throws on purpose is an {@link Isol8Error}: `message` says which operation failed on which
 * object, the errno's name, the likely cause and what to do about it; `code` is for programs.
 */
export class Isol8Error extends Error {
  override readonly name: string = 'Isol8Error';
  /** An errno name (`EPERM`, …) or one of isol8's own words (`ERR_SPEC`, `ERR_UNSUPPORTED`). */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * An error whose cleaning up failed too: it stays what it is, and its message also says what is left.
 * Used as `work.catch((left) => { throw alsoFailed(error, left); })`.
 */
export function alsoFailed(error: unknown, left: unknown): unknown {
  if (error instanceof Error)
    error.message += `; also: ${left instanceof Error ? left.message : String(left)}`;
  return error;
}

/** A field of a spec, or an option of a command, that cannot be as it is. Thrown before anything is started. */
export class SpecError extends Isol8Error {
  override readonly name = 'SpecError';
  /** The field as a path: `mounts[1].destination`. */
  readonly field: string;
  /** What is wrong with it: the message without the field. */
  readonly problem: string;

  constructor(field: string, problem: string, options?: { cause?: unknown }) {
    super('ERR_SPEC', `${field}: ${problem}`, options);
    this.field = field;
    this.problem = problem;
  }
}

/** This machine (operating system, processor, kernel, runtime, package) cannot do what was asked. */
export class UnsupportedError extends Isol8Error {
  override readonly name = 'UnsupportedError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('ERR_UNSUPPORTED', message, options);
  }
}
