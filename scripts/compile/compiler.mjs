import { spawnSync } from 'node:child_process';

/** The two processors: what their compilers are called, and what only they need. */
export const architectures = {
  x64: {
    elfMachine: 62,
    variable: 'CC_X64',
    crossCompiler: 'x86_64-linux-gnu-gcc',
    crossPackages: 'gcc-x86-64-linux-gnu libc6-dev-amd64-cross',
    flags: [],
    // The launcher is its own only caller: landing pads for indirect branches would be dead bytes.
    launcherFlags: ['-fcf-protection=none'],
  },
  arm64: {
    elfMachine: 183,
    variable: 'CC_ARM64',
    crossCompiler: 'aarch64-linux-gnu-gcc',
    crossPackages: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    // Out-of-line atomics are calls into libgcc, and neither program links a library.
    flags: ['-mno-outline-atomics'],
    launcherFlags: [],
  },
};

/** A failure whose message is all the reader needs: printed without a stack. */
export class BuildError extends Error {}

const nativePackages = [
  '  Debian, Ubuntu:  apt-get install gcc libc6-dev',
  '  Fedora:          dnf install gcc glibc-devel',
  '  Alpine:          apk add gcc musl-dev linux-headers',
].join('\n');

/** The compiler for one processor as a command and its first arguments (`CC="ccache gcc"` has one). */
export function findCompiler(architecture) {
  const candidates = compilerCandidates(architecture);
  const found = candidates.find(isRunnable);
  if (found === undefined) {
    throw new BuildError(missingCompiler(architecture, candidates));
  }
  return found.split(/\s+/);
}

function compilerCandidates(architecture) {
  const { variable, crossCompiler } = architectures[architecture];
  const named = process.env[variable];
  if (named) {
    return [named];
  }
  if (architecture !== process.arch) {
    return [crossCompiler];
  }
  return process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
}

function isRunnable(candidate) {
  const [command, ...first] = candidate.split(/\s+/);
  return spawnSync(command, [...first, '-dumpmachine'], { stdio: 'ignore' }).status === 0;
}

function missingCompiler(architecture, candidates) {
  const { variable, crossPackages } = architectures[architecture];
  const tried = `no C compiler for Linux ${architecture} (tried: ${candidates.join(', ')})`;
  if (architecture === process.arch) {
    return `${tried}. A clone compiles two small C programs. Install one:\n${nativePackages}\nor name yours in CC.`;
  }
  return `${tried}. Install it: apt-get install ${crossPackages}\nor name yours in ${variable}.`;
}

/** What to add to a compiler's own messages when they mean that the C library's headers are missing. */
export function missingHeaderHint(architecture, messages) {
  if (!/fatal error: (?!node_api)[\w/]+\.h: No such file/.test(messages)) {
    return '';
  }
  return architecture === process.arch
    ? `\nThe compiler is there, the C library's headers are not:\n${nativePackages}`
    : `\nThe headers of that architecture are missing: apt-get install ${architectures[architecture].crossPackages}`;
}
