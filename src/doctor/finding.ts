/** Something that isol8 doctor has looked at. */
export interface Finding {
  readonly about: string;
  /** `lack`: something does not work for it. `note`: good to know, or something optional that is not there. */
  readonly state: 'ok' | 'note' | 'lack';
  readonly detail: string;
  /** The command that mends it. */
  readonly mend?: string;
}

export const ok = (about: string, detail: string): Finding => ({ about, state: 'ok', detail });

export const note = (about: string, detail: string, mend?: string): Finding => ({
  about,
  state: 'note',
  detail,
  ...(mend === undefined ? {} : { mend }),
});

export const lack = (about: string, detail: string, mend?: string): Finding => ({
  ...note(about, detail, mend),
  state: 'lack',
});
