/** How a cause calls what is to be changed, `cwd` or `init: false`: a field of the spec unless somebody has other words. */
export type Wording = (field: string) => string;

export const asField: Wording = (field) => field;

/** A text of the table of causes, in which each `{field}` is to be worded. */
export const inWords = (text: string, wording: Wording): string =>
  text.replace(/\{([^}]+)\}/g, (_, field: string) => wording(field));
