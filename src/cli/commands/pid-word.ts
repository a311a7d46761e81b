/** A pid as it is written: what begins with 0, or is longer than any, can be a name. */
export const isPid = (word: string): boolean => /^[1-9]\d{0,9}$/.test(word);
