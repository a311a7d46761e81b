/** Arguments and variables that are no UTF-8, which Node can neither hold nor pass on: a shell makes them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { skip } from './caller.js';
import { program } from './cli-program.js';

const scratch = mkdtempSync(join(tmpdir(), 'isol8-bytes-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const BY_HAND = 'node --';
const WAYS: Readonly<Record<string, string>> = {
  'its first line': '"$program"',
  [BY_HAND]: '"$node" -- "$program"',
};
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

function shell(script: string): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PATH, program, node: process.execPath };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: scratch,
    env,
    encoding: 'latin1',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** Every byte but NUL, for printf(1). */
const ANY = [...Array(255).keys()].map((byte) => `\\${(byte + 1).toString(8).padStart(3, '0')}`).join('');
const MAPPED = process.getuid?.() === 0 ? '' : '-r';

for (const [way, isol8] of Object.entries(WAYS))
  describe(`isol8 by ${way}`, { skip }, () => {
    for (const command of [
      'run',
      'run --timeout 1m',
      'run -e A=1',
      `unshare ${MAPPED} -u`,
      'enter -t $$ -w.',
    ]) {
      it(`${command}: passes arguments on as they are`, () => {
        const said = shell(
          `any=$(printf '${ANY}'; echo x); ${isol8} ${command} printf %s "$any" $(printf '\\351') ':' "$(printf '\\376')"`,
        );
        const bytes = Buffer.from([...Array(255).keys()].map((byte) => byte + 1)).toString('latin1');
        assert.deepEqual(said, { status: 0, stdout: `${bytes}x\n\xe9:\xfe`.replace('x\n', 'x'), stderr: '' });
      });

      it(`${command}: passes variables on as they are`, () => {
        const said = shell(
          `env X="$(printf '\\351\\303\\251')" "$(printf 'N\\376=\\377')" ${isol8} ${command} cat /proc/self/environ`,
        );
        const variables = said.stdout.split('\0').filter((text) => /^[XN]/.test(text));
        // dash drops a variable whose name no shell can set: docs/decisions/014
        const kept = [...(way === BY_HAND ? ['N\xfe=\xff'] : []), 'X=\xe9\xc3\xa9'];
        assert.deepEqual(variables.sort().slice(-kept.length), kept, said.stderr);
      });
    }

    it('finds files by such names, and says them in a message as \\x', () => {
      const said = shell(
        `d=$(printf 'd\\376'); mkdir -p "$d/in"; ln -sf /bin/echo "$d/tool"
        ${isol8} run -w "$PWD/$d" ./tool run; ${isol8} unshare ${MAPPED} -u -w "$d/in" ../tool unshare
        PATH="$PWD/$d:$PATH" ${isol8} enter -t $$ -w. tool enter
        ${isol8} unshare ${MAPPED} -u "$d/none"; ${isol8} run "$d/none"`,
      );
      assert.equal(said.stdout, 'run\nunshare\nenter\n', said.stderr);
      assert.equal(said.stderr.match(/ d\\xfe\/none: /g)?.length, 2, said.stderr);
      assert.equal(said.status, 127);
    });

    it('starts in a directory of such a name that mounts may cover', () => {
      const said = shell(
        `d=$PWD/$(printf 'c\\376'); mkdir -p "$d"; cd "$d"; ${isol8} run --tmpfs /mnt sh -c 'pwd' | grep -c "$d"; ${isol8} run --tmpfs /mnt -e A=1 true`,
      );
      assert.deepEqual(said, { status: 0, stdout: '1\n', stderr: '' });
    });

    it('takes the environment of another process as it is', () => {
      const said = shell(
        `env X="$(printf '\\351')" sleep 60 & until grep -q sleep /proc/$!/comm; do :; done
        ${isol8} enter -t $! -e sh -c 'printf %s "$X"'; kill $!`,
      );
      assert.deepEqual(said, { status: 0, stdout: '\xe9', stderr: '' });
    });

    it('explains them as bytes', () => {
      const said = shell(
        `${isol8} unshare --explain true "$(printf 'a\\376')"; ${isol8} unshare --explain=sh printf %s "$(printf 'a\\376')" > s; sh s`,
      );
      assert.match(said.stdout, /\["true", "a\\376"\]/);
      assert.ok(said.stdout.endsWith('a\xfe'), said.stdout + said.stderr);
    });
  });
