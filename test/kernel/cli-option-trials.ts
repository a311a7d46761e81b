/** The options of isol8 run, and what is to be seen inside with each of them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownMounts } from './own-mounts.js';

/** What a shell prints inside of `isol8 run OPTIONS`. */
export interface Trial {
  readonly options: readonly string[];
  readonly script: string;
  readonly prints: string | RegExp;
  readonly behind?: readonly string[];
}

/** To be removed by whoever imports this. */
export const scratch = mkdtempSync(join(tmpdir(), 'isol8-options-'));
const made = (name: string): string => {
  mkdirSync(join(scratch, name), { recursive: true });
  return join(scratch, name);
};

const [source, target, rootfs] = [made('source'), made('target'), made('rootfs')] as const;
writeFileSync(join(source, 'file'), 'from outside\n');
const commas = made('a,"b');
writeFileSync(join(commas, 'file'), 'behind a comma\n');
writeFileSync(join(made('rootfs/etc'), 'passwd'), 'blue:x:1234:1235::/:/bin/sh\n');
writeFileSync(join(rootfs, 'etc/group'), 'blue:x:1235:\nsky:x:77:blue\nsea:x:78:\n');

/** A root file system out of the host's programs. */
const inRootfs = ['-R', rootfs, ...['bin', 'lib', 'lib64', 'usr'].flatMap(bindIfThere)];
function bindIfThere(name: string): string[] {
  return existsSync(`/${name}`) ? ['-v', `/${name}:/${name}:ro`] : [];
}

const ids = 'id -u; id -g; id -G';
const maps = "sed 's/ \\+/ /g;s/^ //' /proc/self/uid_map /proc/self/gid_map";
const mountAt = (path: string): string => `grep ' ${path} ' /proc/self/mountinfo | cut -d' ' -f6-`;
const writable = (path: string): string =>
  `touch ${path}/new 2>/dev/null && rm ${path}/new && echo writable || echo not`;
const addresses = 'grep -c 127.0.0.1 /proc/self/net/fib_trie; :';
const offsets = "sed 's/ \\+/ /g' /proc/self/timens_offsets";

const PLAIN: readonly Trial[] = [
  { options: ['-h', 'children'], script: 'cat /proc/sys/kernel/hostname', prints: 'children' },
  { options: ['--hostname=children'], script: 'uname -n', prints: 'children' },
  { options: ['--domainname', 'example'], script: 'cat /proc/sys/kernel/domainname', prints: 'example' },
  { options: ['--monotonic', '7d'], script: offsets, prints: 'monotonic 604800 0\nboottime 0 0' },
  { options: ['--boottime', '1h30m'], script: offsets, prints: 'monotonic 0 0\nboottime 5400 0' },
  { options: ['--boottime=-1.5s'], script: offsets, prints: 'monotonic 0 0\nboottime -2 500000000' },
  {
    options: ['--monotonic', '1', '--boottime', '2'],
    script: offsets,
    prints: 'monotonic 1 0\nboottime 2 0',
  },
  { options: [], script: addresses, prints: /^[1-9]/ },
  { options: ['--no-loopback'], script: addresses, prints: '0' },
  { options: ['-r'], script: maps, prints: '0 0 1\n0 0 1' },
  { options: ['--map-root-user'], script: ids, prints: '0\n0\n0' },
  { options: ['-c'], script: maps, prints: '0 0 1\n0 0 1' },
  { options: ['--map-current-user', '-r'], script: maps, prints: '0 0 1\n0 0 1' },
  {
    options: [
      '--map-users',
      '0:0:1',
      '--map-users',
      '1000:1:5',
      '--map-groups',
      '0:0:1',
      '--map-groups',
      '5:5:5',
    ],
    script: maps,
    prints: '0 0 1\n1000 1 5\n0 0 1\n5 5 5',
  },
  { options: ['--map-users', '0,0,1', '--map-groups', '1,50,1'], script: maps, prints: '0 0 1\n50 1 1' },
  {
    options: ['--map-users', 'all'],
    script: maps,
    prints: readFileSync('/proc/self/uid_map', 'utf8')
      .replace(/ +/g, ' ')
      .replace(/^ (\d+) \d+/gm, '$1 $1')
      .trim()
      .replace(/(.*)/s, '$1\n$1'),
  },
  { options: ['--map-users', 'none'], script: `${maps}; id -u; id -g`, prints: '65534\n65534' },
  { options: ['--map-groups', 'none'], script: 'id -u; id -g', prints: '0\n65534' },
  {
    options: ['--map-user', '7', '--map-group', '8'],
    script: `${maps}; ${ids}`,
    prints: /^7 0 1\n8 0 1\n7\n8\n8/,
  },
  { options: ['--setgroups', 'deny'], script: 'cat /proc/self/setgroups', prints: 'deny' },
  { options: ['--setgroups=allow'], script: 'cat /proc/self/setgroups', prints: 'allow' },
  { options: ['-u', '5'], script: 'id -u', prints: '5' },
  { options: ['-u', '54321'], script: ids, prints: '54321\n0\n0' },
  { options: ['-u', '5:60'], script: ids, prints: '5\n60\n60' },
  { options: ['--user', 'games:tty'], script: 'id -un; id -gn', prints: 'games\ntty' },
  { options: ['--user', 'games', '--setgroups', 'deny'], script: 'id -un', prints: 'games' },
  { options: [...inRootfs, '-u', 'blue'], script: ids, prints: '1234\n1235\n1235 77' },
  { options: [...inRootfs, '-u', 'blue:sea'], script: ids, prints: '1234\n78\n78' },
  { options: [...inRootfs, '-u', '1234'], script: ids, prints: '1234\n1235\n1235 77' },
  {
    options: [...inRootfs, '-u', 'blue', '--group-add', 'sea', '--group-add', '99'],
    script: 'id -G',
    prints: '1235 77 78 99',
  },
  { options: ['--group-add', 'tty', '--group-add', '1234'], script: 'id -G', prints: '0 5 1234' },
  { options: ['-u', '5'], script: 'grep CapEff /proc/self/status', prints: /\t0{16}$/ },
  { options: ['-u', '5', '--keep-caps'], script: 'grep CapEff /proc/self/status', prints: /\t0*1?[37f]f+$/ },
  { options: [], script: 'grep NoNewPrivs /proc/self/status', prints: 'NoNewPrivs:\t0' },
  { options: ['--no-new-privs'], script: 'grep NoNewPrivs /proc/self/status', prints: 'NoNewPrivs:\t1' },
  { options: inRootfs, script: 'pwd; echo /etc/* /work*', prints: '/\n/etc/group /etc/passwd /work*' },
  {
    options: ['--root', rootfs, ...inRootfs.slice(2), '-w', '/etc'],
    script: 'pwd; cat passwd',
    prints: /^\/etc\nblue/,
  },
  {
    options: ['--read-only'],
    script: `${writable(scratch)}; ${writable('/dev/shm')}; ${writable('/tmp')}`,
    prints: 'not\nnot\nnot',
  },
  {
    options: ['--read-only', '--tmpfs', target],
    script: `${writable(scratch)}; ${writable(target)}`,
    prints: 'not\nwritable',
  },
  {
    options: ['-v', `${source}:${target}`],
    script: `cat ${target}/file; ${writable(target)}`,
    prints: 'from outside\nwritable',
  },
  {
    options: ['--volume', `${source}:${target}:ro`],
    script: `cat ${target}/file; ${writable(target)}; ${writable(source)}`,
    prints: 'from outside\nnot\nwritable',
  },
  { options: ['-v', `${source}/file:/etc/hostname:ro`], script: 'cat /etc/hostname', prints: 'from outside' },
  {
    options: ['--tmpfs', target],
    script: `ls -A ${target}; ${writable(target)}; ${mountAt(target)}`,
    prints: /^writable\nrw,nosuid,nodev,.* - tmpfs /,
  },
  {
    options: ['--tmpfs', `${target}:size=1m,mode=1700`],
    script: `stat -c %a ${target}; ${mountAt(target)}`,
    prints: /^1700\n.* - tmpfs \S+ rw,size=1024k,mode=1700/,
  },
  { options: ['--tmpfs', `${target}:ro`], script: writable(target), prints: 'not' },
  {
    options: ['--tmpfs', `${target}:rw,noexec,nosuid,size=65536k`],
    script: `${writable(target)}; ${mountAt(target)}`,
    prints: /^writable\nrw,nosuid,nodev,noexec,.*size=65536k/,
  },
  {
    options: ['--mount', `type=bind,"src=${commas.replace('"', '""')}",target=${target},readonly=TRUE`],
    script: `cat ${target}/file; ${writable(target)}`,
    prints: 'behind a comma\nnot',
  },
  {
    options: ['--mount', `type=bind,source=${source},target=${target},readonly`],
    script: `cat ${target}/file; ${writable(target)}`,
    prints: 'from outside\nnot',
  },
  {
    options: ['--mount', `src=${source},dst=${target}`],
    script: `cat ${target}/file; ${writable(target)}`,
    prints: 'from outside\nwritable',
  },
  {
    options: ['--mount', `type=tmpfs,destination=${target},tmpfs-size=2m,tmpfs-mode=700,ro=false`],
    script: `stat -c %a ${target}; ${mountAt(target)}; ${writable(target)}`,
    prints: /^700\n.*size=2048k.*\nwritable$/,
  },
  {
    options: ['--mount', `type=proc,target=${target}`],
    script: `cat ${target}/1/comm`,
    prints: 'isol8-init',
  },
  { options: ['--mount', 'type=devpts,target=/dev/pts'], script: 'ls /dev/pts', prints: 'ptmx' },
  { options: ['--mount', `type=mqueue,target=${target}`], script: mountAt(target), prints: / - mqueue / },
  {
    options: ['--mount', `type=sysfs,target=${target}`],
    script: `ls ${target}/class/net`,
    prints: 'lo',
  },
  {
    options: ['--tmpfs', target, '-v', `${source}/file:${target}/a/b`],
    script: `cat ${target}/a/b; ls ${target}`,
    prints: 'from outside\na',
  },
  { options: ['-v', `${source}:${target}`, '--tmpfs', target], script: `ls ${target}`, prints: '' },
  { options: [], script: 'cat /proc/1/comm', prints: 'isol8-init' },
  { options: ['--no-proc'], script: 'cat /proc/1/comm', prints: readFileSync('/proc/1/comm', 'utf8').trim() },
  { options: ['-w', source], script: 'pwd; cat file', prints: `${source}\nfrom outside` },
  { options: ['--wd', '/'], script: 'pwd', prints: '/' },
  { options: ['--workdir=/usr'], script: 'pwd', prints: '/usr' },
  { options: ['-e', 'A=1', '--env', 'B=x=y', '-e', 'A=2'], script: 'echo $A $B', prints: '2 x=y' },
  {
    options: ['--clear-env', '-e', 'A=1', '-e', 'HOME', '-e', 'NO_SUCH'],
    script: 'env | cut -d= -f1 | sort | tr "\\n" " "',
    prints: /^A HOME( OLDPWD)? PATH PWD( SHLVL)?( TERM)?$/,
  },
  { options: ['--umask', '027'], script: 'umask', prints: /^0*27$/ },
  { options: ['--nice', '7'], script: 'nice', prints: '7' },
  {
    options: [
      '--ulimit',
      'nofile=100:200',
      '--ulimit',
      'core=0',
      '--ulimit',
      'cpu=unlimited',
      '--ulimit',
      'stack=-1:-1',
    ],
    script: 'ulimit -n; ulimit -Hn; ulimit -c; ulimit -t',
    prints: '100\n200\n0\nunlimited',
  },
  { options: ['--no-init'], script: 'echo $$; cat /proc/1/comm', prints: '1\nsh' },
  { options: ['--timeout', '1h'], script: 'echo $$', prints: '2' },
  { options: ['-i'], script: 'cat', prints: '' },
  { options: ['-t'], script: 'test -t 0 && test -t 1 && test -t 2 && echo terminal', prints: 'terminal' },
  { options: ['--interactive', '--tty'], script: 'test -t 0 && echo terminal', prints: 'terminal' },
];

/** In mounts of its own that have peers, which the host's may not have. */
const behind = ['unshare', '--mount', '--propagation', 'shared'];
const propagation = (mode: string, prints: RegExp): Trial => {
  return { options: ['--propagation', mode], script: mountAt('/'), prints, behind };
};
const PROPAGATION: readonly Trial[] = [
  propagation('private', /^\S+ - /),
  propagation('slave', /^\S+ master:\d+ - /),
  propagation('shared', /^\S+ shared:\d+/),
  propagation('unchanged', /^\S+ (shared|master):\d+/),
];

/** In a network of a network namespace of its own. */
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const create =
  'node=$1; main=$2; shift 2; "$node" "$main" net create trial --subnet 10.77.0.0/24 --subnet6 fd77::/64';
const networked = [
  ...ownMounts,
  'sh',
  '-ec',
  `${create} >/dev/null; exec "$@"`,
  'sh',
  process.execPath,
  main,
];
const inNetwork = ['--net', 'trial', '--ip', '10.77.0.9', '--ip6', 'fd77::9', '--mac', '02:00:00:00:00:09'];
const NETWORK: readonly Trial[] = [
  {
    options: [...inNetwork, '--name', 'api', '--alias', 'web', '-p', '8080:80'],
    script:
      'grep -c "|-- 10.77.0.9$" /proc/net/fib_trie; grep -c ^fd7700000000 /proc/net/if_inet6; uname -n; grep api /etc/hosts',
    prints: '2\n1\napi\n10.77.0.9\tapi web\nfd77::9\tapi web',
    behind: networked,
  },
  {
    options: ['--net=trial', '--dns', '192.0.2.1', '--add-host', 'db:192.0.2.9', '--publish=8081:81/udp'],
    script: 'head -1 /etc/resolv.conf; grep db /etc/hosts',
    prints: 'nameserver 192.0.2.1\n192.0.2.9\tdb',
    behind: networked,
  },
];

export const TRIALS: readonly Trial[] = [...PLAIN, ...PROPAGATION, ...NETWORK];
