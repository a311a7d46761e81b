import { readTextFileIfAny } from '../syscalls/files.js';

/** The login names of /etc/passwd by uid, the first of several. Other sources of nsswitch.conf(5) are not asked. */
export function readUserNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of (readTextFileIfAny('/etc/passwd') ?? '').split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
