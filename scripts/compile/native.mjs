import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { architectures, BuildError, findCompiler, missingHeaderHint } from './compiler.mjs';
import { root } from './root.mjs';

const warnings = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Inative/include'];

// Distributions add these to every compilation; both call into a C library that is not linked.
const noLibraryCalls = ['-fno-stack-protector', '-U_FORTIFY_SOURCE'];

const launcherFlags = [
  ...['-Os', '-ffreestanding', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-fno-ident'],
  ...['-fno-pie', '-static', '-nostdlib', '-ffunction-sections', '-fdata-sections', '-s'],
  ...['-Wl,--gc-sections', '-Wl,--build-id=none', '-Wl,-z,noexecstack', '-Wl,-z,norelro'],
  // Headers, code and constants share their pages: every exec maps and faults in fewer of them.
  '-Wl,-z,noseparate-code',
];

// Without libc no glibc version is demanded: one binary for old distributions, for musl, for Node and Bun.
const addonFlags = [
  '-O2',
  '-fPIC',
  '-shared',
  '-nostdlib',
  '-fvisibility=hidden',
  '-Wl,--build-id=none',
  // Node unloads the addons of a Worker that ends; the launch thread goes on in this one.
  '-Wl,-z,nodelete',
  '-s',
];

/** Compiles the launcher and, with the launcher inside, the addon. Returns what was written. */
export function buildNative(architecture) {
  const compiler = findCompiler(architecture);
  const launcher = `build/${architecture}/launcher`;
  const prebuilds = `prebuilds/linux-${architecture}`;
  mkdirSync(join(root, 'build', architecture), { recursive: true });
  mkdirSync(join(root, prebuilds), { recursive: true });
  const { flags, launcherFlags: own } = architectures[architecture];

  compile({ architecture, compiler, folder: 'native/launcher', output: launcher }, [
    ...flags,
    ...own,
    ...launcherFlags,
  ]);
  compile({ architecture, compiler, folder: 'native/addon', output: `${prebuilds}/isol8.node` }, [
    ...flags,
    ...addonFlags,
    `-DISOL8_LAUNCHER_PATH="${launcher}"`,
    `-I${createRequire(import.meta.url)('node-api-headers').include_dir}`,
  ]);
  // Beside the addon too, for a machine that refuses to execute a memfd.
  replaceFile(`${prebuilds}/isol8-launcher`, (fresh) => copyFileSync(join(root, launcher), fresh));
  return [`${prebuilds}/isol8.node`, `${prebuilds}/isol8-launcher`];
}

function compile({ architecture, compiler, folder, output }, flags) {
  const [command, ...first] = compiler;
  replaceFile(output, (fresh) => {
    const parameters = [
      ...first,
      ...warnings,
      ...noLibraryCalls,
      ...flags,
      ...sourcesOf(folder),
      '-o',
      fresh,
    ];
    // In the root with relative names, so that no path of this machine ends up in a binary.
    const result = spawnSync(command, parameters, { cwd: root, encoding: 'utf8' });
    const messages = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
    if (result.status !== 0) {
      const cause = result.error?.message ?? messages;
      throw new BuildError(
        `${folder} does not compile for ${architecture}:\n${cause}${missingHeaderHint(architecture, messages)}`,
      );
    }
    if (elfMachineOf(fresh) !== architectures[architecture].elfMachine) {
      throw new BuildError(
        `${command} does not compile for ${architecture}: ${output} is for another processor`,
      );
    }
  });
}

function sourcesOf(folder) {
  const names = readdirSync(join(root, folder)).filter((name) => /\.[cS]$/.test(name));
  if (names.length === 0) {
    throw new BuildError(`${folder} holds no C source`);
  }
  return names.sort().map((name) => `${folder}/${name}`);
}

/** Renamed into place: a running process may have the old file mapped, and a failed build leaves it whole. */
function replaceFile(name, write) {
  const fresh = join(root, `${name}.${process.pid}.tmp`);
  try {
    write(fresh);
    renameSync(fresh, join(root, name));
  } finally {
    rmSync(fresh, { force: true });
  }
}

function elfMachineOf(path) {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  readSync(file, header);
  closeSync(file);
  return header.readUInt16LE(18);
}
