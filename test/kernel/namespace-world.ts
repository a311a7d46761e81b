/**
 * A small world of namespaces to look at: a pid and a mount namespace of its own, and what keeps others alive. Its uts and
 * net namespaces are its own too, since nobody but root of the machine may go back to the machine's.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { isRoot, program } from './cli-program.js';

/** False, or why no such world can be made here. */
export const skip: string | false = reasonAgainst();

function reasonAgainst(): string | false {
  const world = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc', 'true'],
    {
      encoding: 'utf8',
    },
  );
  if (world.status !== 0) return `no namespaces can be made here: ${world.stderr}`;
  if (spawnSync('python3', ['--version']).status !== 0)
    return 'needs python3, to hold descriptors and sockets';
  return spawnSync('lsns', ['--version']).status === 0 ? false : 'needs lsns of util-linux, to compare with';
}

/** Says `ready` once it holds a uts namespace by a descriptor, a net one by a socket, and an ipc one by a thread. */
const HOLDER = `
import ctypes, os, socket, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(function, *args):
    if function(*args) != 0: raise OSError(ctypes.get_errno(), function.__name__)
def inode(fd): return os.fstat(fd).st_ino
def inside(kind, flag, keep):
    old = os.open(f'/proc/thread-self/ns/{kind}', os.O_RDONLY)
    call(libc.unshare, flag)
    new = os.open(f'/proc/thread-self/ns/{kind}', os.O_RDONLY)
    kept = keep()
    call(libc.setns, old, 0)
    os.close(old)
    return new, kept
uts, _ = inside('uts', 0x04000000, lambda: None)
net, kept = inside('net', 0x40000000, socket.socket)
names = [f'uts {inode(uts)} descriptor {uts}', f'net {inode(net)} socket {kept.fileno()}']
os.close(net)
started = threading.Event()
def stay():
    call(libc.unshare, 0x08000000)
    names.append(f"ipc {os.stat('/proc/thread-self/ns/ipc').st_ino} thread {threading.get_native_id()}")
    started.set()
    time.sleep(60)
threading.Thread(target=stay, daemon=True).start()
started.wait()
open('/mnt/held', 'w').write('\\n'.join([f'pid {os.getpid()}', *names]) + '\\n')
time.sleep(60)
`;

const PREPARE = `
mount -t tmpfs none /mnt
touch '/mnt/a name'
unshare --net='/mnt/a name' readlink /proc/self/ns/net > /mnt/mounted
unshare --user --map-root-user sh -c 'unshare --uts sleep 60 & exec sleep 60' &
unshare --mount sleep 60 &
unshare --user --map-root-user --uts sleep 60 & owned=$!
until [ "$(readlink /proc/$owned/ns/uts)" != "$(readlink /proc/self/ns/uts)" ]; do sleep 0.02; done
sleep 60 9< /proc/$owned/ns/uts &
until [ -e /proc/$!/fd/9 ]; do sleep 0.02; done
kill $owned; wait $owned
python3 -c "$HOLDER" & holder=$!
until [ -e /mnt/held ] && [ "$(cat /proc/[0-9]*/comm | grep -cx sleep)" -eq 4 ]; do
  kill -0 $holder || exit 1
  sleep 0.02
done
isol8() { "$NODE" "$PROGRAM" "$@"; }
`;

/** What a shell script prints in the world. `isol8` there is the built command line. */
export function inWorld(script: string): string {
  const user = isRoot ? [] : ['--user', '--map-root-user'];
  const args = [
    ...user,
    '--mount',
    '--uts',
    '--net',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    'sh',
    '-c',
    PREPARE + script,
  ];
  const env = { ...process.env, HOLDER, NODE: process.execPath, PROGRAM: program, LC_ALL: 'C.UTF-8' };
  const { status, stdout, stderr } = spawnSync('unshare', args, {
    env,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The parts that a script divided by lines of `--`. */
export const partsOf = (output: string): string[] => output.split(/^--\n/m);
