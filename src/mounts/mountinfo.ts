/** A line of /proc/PID/mountinfo, see proc_pid_mountinfo(5). */
export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** What of the file system is mounted; of a namespace `net:[4026531840]`. */
  readonly root: string;
  /** The mount point. */
  readonly path: string;
  /** Of the mount, not of the file system. */
  readonly readOnly: boolean;
  /** The file system's name: `tmpfs`, or `nsfs` for a namespace. */
  readonly type: string;
}

/**
 * Reads the text of /proc/PID/mountinfo, in its order: of two on one mount point the later one is on top. Lines of
 * other types than the one asked for are passed over, which takes less time than reading them.
 */
export function parseMountinfo(text: string, type?: string): MountEntry[] {
  const words = type === undefined ? '' : ` - ${type} `;
  if (!text.includes(words)) return [];
  const mounts: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const mount = line.includes(words) ? parseMount(line) : undefined;
    if (mount && (type === undefined || mount.type === type)) mounts.push(mount);
  }
  return mounts;
}

/** Behind the options of the mount come optional fields, of which a dash is the end. */
const LINE = /^(\d+) (\d+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) (?:[^ ]+ )*?- ([^ ]+)/;

function parseMount(line: string): MountEntry | undefined {
  const [, id, parent, device = '', root = '', path = '', options = '', type = ''] = LINE.exec(line) ?? [];
  if (id === undefined) return undefined;
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: plain(root),
    path: plain(path),
    readOnly: options.split(',').includes('ro'),
    type,
  };
}

/** Blanks, tabs, newlines and backslashes stand there as \040 and so on. */
const plain = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    : text;
