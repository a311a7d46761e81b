/** A message as iproute2 sent it, without sequence and port. */
export interface Recorded {
  readonly command: string;
  /** RTM_*. */
  readonly type: number;
  /** NLM_F_*. */
  readonly flags: number;
  /** The family's struct and the attributes, in hexadecimal. */
  readonly body: string;
}
