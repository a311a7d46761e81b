/** What is installed, and the command that installs what is not. */
import { findProgram, programFolders, readTextFileIfAny } from '../syscalls/files.js';
import { type Finding, note, ok } from './finding.js';

type Family = 'debian' | 'fedora' | 'arch' | 'alpine' | 'suse';

const INSTALL: Readonly<Record<Family, string>> = {
  debian: 'apt-get install',
  fedora: 'dnf install',
  arch: 'pacman -S',
  alpine: 'apk add',
  suse: 'zypper install',
};

/** Packages that are not called the same everywhere; the first name is Debian's. */
const PACKAGES: Readonly<Record<string, Partial<Record<Family, string>>>> = {
  uidmap: { fedora: 'shadow-utils', arch: 'shadow', alpine: 'shadow-uidmap', suse: 'shadow' },
  iproute2: { fedora: 'iproute' },
};

/** The words of os-release(5) that a family has in ID or ID_LIKE. */
const WORDS: Readonly<Record<Family, RegExp>> = {
  debian: /debian|ubuntu/,
  fedora: /fedora|rhel|centos/,
  arch: /arch/,
  alpine: /alpine/,
  suse: /suse/,
};

export function installCommand(name: string): string {
  const release = readTextFileIfAny('/etc/os-release') ?? '';
  const ids = [...release.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map(([, value]) => value).join(' ');
  const family = (Object.keys(WORDS) as Family[]).find((each) => WORDS[each].test(ids)) ?? 'debian';
  return `${INSTALL[family]} ${PACKAGES[name]?.[family] ?? name}`;
}

const TOOLS: readonly (readonly [program: string, name: string, use: string])[] = [
  ['ip', 'iproute2', 'shows and sets up networks'],
  ['nft', 'nftables', 'shows and sets up packet filters'],
  ['slirp4netns', 'slirp4netns', 'carries connections out of networks made without root'],
  ['pasta', 'passt', 'carries them out too, with IPv6'],
  ['nsenter', 'util-linux', 'enters namespaces by hand'],
  ['lsns', 'util-linux', 'lists namespaces'],
  ['strace', 'strace', 'shows what isol8 run --explain announces'],
];

export function tools(): Finding[] {
  return TOOLS.map(([program, name, use]) => {
    const path = findProgram(program, programFolders());
    if (path !== undefined) return ok(program, `${path}, which ${use}`);
    return note(program, `is not installed; it ${use}.`, installCommand(name));
  });
}
