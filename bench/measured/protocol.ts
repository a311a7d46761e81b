/** What the measured Node process is asked and what it answers, one line of JSON each. */
export type Starter = 'isol8' | 'child_process';

export type Request =
  /** One process, from the call to the news of its exit. */
  | { readonly ask: 'spawn'; readonly by: Starter; readonly command: readonly string[] }
  /** `count` of them, `width` at a time. */
  | {
      readonly ask: 'many';
      readonly by: Starter;
      readonly command: readonly string[];
      readonly count: number;
      readonly width: number;
    }
  /** What the process holds at the moment. */
  | { readonly ask: 'census' }
  /** Takes memory and touches it. */
  | { readonly ask: 'allocate'; readonly mebibytes: number }
  /** The memory of PID 1 while `command` sleeps. */
  | { readonly ask: 'pid1'; readonly command: readonly string[] }
  /** Enter another namespace and come back, `count` times. */
  | { readonly ask: 'enter'; readonly count: number }
  /** Make a network with `count` members, and remove it. */
  /** Attach members to a network, and look what the kernel has to do besides, if `thoroughly`. */
  | { readonly ask: 'wire'; readonly count: number; readonly thoroughly?: boolean }
  /** Send over a network, or over the same made by hand; `program` is reference/request.c. */
  | {
      readonly ask: 'carry';
      readonly by: 'network' | 'ip' | 'published' | 'nft';
      readonly what: 'throughput' | 'requests';
      readonly program: string;
    }
  /** List all routes of the namespace it is in. */
  | { readonly ask: 'routes' }
  /** Put in the nf_tables rules of a network with ten published ports, `count` times. */
  | { readonly ask: 'network rules'; readonly count: number }
  /** Check, compile and encode a spec, `count` times. */
  | { readonly ask: 'compile'; readonly command: readonly string[]; readonly count: number };

interface Answers {
  /** Milliseconds from the call to the news of the exit, in the call, and of the thread's CPU in it and afterwards. */
  spawn: {
    readonly total: number;
    readonly call: number;
    readonly callCpu: number;
    readonly laterCpu: number;
  };
  many: { readonly total: number };
  census: Census;
  allocate: { readonly resident: number };
  pid1: { readonly status: number; readonly rollup: number };
  /** Milliseconds: for each member, for the last fifty each, for a packet of all to the gateway, lost ones, removal. */
  wire: {
    readonly each: number;
    readonly last: number;
    /** Processor time in the two seconds afterwards. */
    readonly busy: number;
    /** One of each member to the gateway, until all are answered, by IPv4 and IPv6. */
    readonly packets: { readonly time: number; readonly lost: number };
    readonly packets6: { readonly time: number; readonly lost: number };
    /** Until it returns, and until the kernel has nothing more to do. */
    readonly removal: number;
    readonly gone: number;
  };
  /** Gigabits, or requests, in a second. */
  carry: { readonly rate: number };
  /** Milliseconds for one, and the rules as commands of nft(8). */
  'network rules': { readonly first: number; readonly again: number; readonly text: string };
  /** Microseconds for one. */
  enter: { readonly each: number };
  /** Milliseconds for all, and how many there are. */
  routes: { readonly total: number; readonly count: number };
  /** Milliseconds for one. */
  compile: {
    readonly parse: number;
    readonly gather: number;
    readonly compile: number;
    readonly encode: number;
    readonly prepare: number;
  };
}

/** Numbers of things, and KiB. */
export interface Census {
  readonly descriptors: number;
  readonly children: number;
  readonly threads: number;
  readonly resident: number;
  readonly heap: number;
}

export type Answer<R extends Request> = Answers[R['ask']];
