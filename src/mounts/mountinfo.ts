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

/** Reads the text of /proc/PID/mountinfo, in its order: of two on one mount point the later one is on top. */
export function parseMountinfo(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const type = fields[fields.indexOf('-') + 1];
    const [id, parent, device, root, path, options] = fields;
    if (path === undefined || type === undefined) return [];
    return [
      {
        id: Number(id),
        parent: Number(parent),
        device: device as string,
        root: plain(root as string),
        path: plain(path),
        readOnly: options?.split(',').includes('ro') ?? false,
        type,
      },
    ];
  });
}

/** Blanks, tabs, newlines and backslashes stand there as \040 and so on. */
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
