import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { skip } from './caller.js';
import { descendant, descendants, eventually, isAlive, readProc, stateOf } from './cli-program.js';
import { Terminal } from './cli-terminal.js';
import { leaveMachineAsItWas } from './machine.js';

leaveMachineAsItWas();

const [CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH] = ['\x03', '\x04', '\x1a', '\x1c'];
const SLEEP_600 = /sleep 600/;

/** Whether the keys of its terminal go to this process: proc(5), pgrp and tpgid. */
function hasTerminal(pid: number): boolean {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === fields[5];
}

/** A sleep in the foreground, which takes a moment after it was typed. */
async function sleeper(below: number): Promise<number> {
  const pid = await descendant(below, 'sleep');
  await eventually(() => hasTerminal(pid) && stateOf(pid) === 'S', 'sleep is in the foreground');
  return pid;
}

/** Whether every key goes through, as somebody else sees it. */
function rawnessOf({ process: { pid } }: Terminal): () => boolean {
  const tty = readlinkSync(`/proc/${pid}/fd/0`);
  return () => execFileSync('stty', ['-F', tty, '-a'], { encoding: 'utf8' }).includes('-icanon');
}

/** Without a terminal in between, with one, and with a process that watches the time. */
const WAYS = ['', '-it ', '--timeout 1h '];

describe('an interactive shell in isol8 run', { skip }, () => {
  for (const options of WAYS) {
    const inner = `$ISOL8 run ${options}-e 'PS1=in> ' -- bash --norc --noprofile\n`;
    const how = options === '' ? 'the terminal of the caller' : options.trim();

    it(`has job control: Ctrl-Z, jobs, bg, fg and Ctrl-C, with ${how}`, async () => {
      await using terminal = await Terminal.openShell();
      terminal.type(inner);
      await terminal.see(/in> $/);
      terminal.type('sleep 600\n');
      const pid = await sleeper(terminal.process.pid);
      terminal.type(CTRL_Z);
      await terminal.see(/\[1\]\+\s+Stopped\s+sleep 600/);
      assert.equal(stateOf(pid), 'T');
      terminal.type('jobs\n');
      await terminal.see(/\[1\]\+\s+Stopped\s+sleep 600/);
      terminal.type('bg\n');
      await terminal.see(/\[1\]\+\s+sleep 600 &/);
      await eventually(() => stateOf(pid) === 'S', 'it goes on in the background');
      assert.ok(!hasTerminal(pid));
      terminal.type('fg\n');
      await terminal.see(SLEEP_600);
      await eventually(() => hasTerminal(pid), 'it is in the foreground');
      terminal.type(CTRL_C);
      await terminal.see(/in> $/);
      await eventually(() => !isAlive(pid), 'Ctrl-C ends it');
      terminal.type('echo "shell $$ lives"; exit 5\n');
      await terminal.see(/shell 2 lives\r\n/);
      await terminal.see(/out> $/);
      terminal.type('echo "status=$?"\n');
      await terminal.see(/status=5\r\n/);
    });

    it(`loses only the foreground job to Ctrl-C and Ctrl-\\, with ${how}`, async () => {
      await using terminal = await Terminal.openShell();
      terminal.type(inner);
      await terminal.see(/in> $/);
      terminal.type('sleep 601 & ulimit -c 0\n');
      const background = await descendant(terminal.process.pid, 'sleep');
      for (const [key, status] of [
        [CTRL_C, 130],
        [CTRL_BACKSLASH, 131],
      ] as const) {
        terminal.type('cat\n');
        const cat = await descendant(terminal.process.pid, 'cat');
        await eventually(() => hasTerminal(cat), 'cat is in the foreground');
        terminal.type(key);
        await eventually(() => !isAlive(cat), 'the key ends it');
        terminal.type('echo "status=$?"\n');
        await terminal.see(new RegExp(`status=${status}\r\n`));
      }
      assert.ok(isAlive(background));
      terminal.type('exit\n');
      await terminal.see(/out> $/);
      await eventually(() => !isAlive(background), 'it ends with the namespace');
    });

    it(`is told when the terminal changes its size, with ${how}`, async () => {
      const script = `trap "stty size" WINCH; stty size; while :; do sleep 0.05; done`;
      await using terminal = await Terminal.open([
        'sh',
        '-c',
        `exec $ISOL8 run ${options} -- sh -c '${script}'`,
      ]);
      await terminal.see(/24 80\r\n/);
      terminal.resize({ columns: 132, rows: 50 });
      await terminal.see(/50 132\r\n/);
      terminal.resize({ columns: 40, rows: 10 });
      await terminal.see(/10 40\r\n/);
    });

    it(`ends with Ctrl-D and gives the terminal back to a script that reads on, with ${how}`, async () => {
      const script = `$ISOL8 run ${options} -e 'PS1=in> ' -- bash --norc -i; echo "status=$?"; read line; echo "read: $line"`;
      await using terminal = await Terminal.open(['sh', '-c', script]);
      await terminal.see(/in> $/);
      terminal.type('sleep 600\n');
      await sleeper(terminal.process.pid);
      terminal.type(CTRL_C);
      await terminal.see(/in> $/);
      terminal.type(CTRL_D);
      await terminal.see(/status=130\r\n/);
      terminal.type('hello\n');
      await terminal.see(/read: hello\r\n/);
    });

    it(`gives the terminal back when it is killed, with ${how}`, async () => {
      const script = `$ISOL8 run ${options} -e 'PS1=in> ' -- bash --norc -i; echo "status=$?"; read line; echo "read: $line"`;
      await using terminal = await Terminal.open(['sh', '-c', script]);
      await terminal.see(/in> $/);
      terminal.type('kill -9 $$\n');
      await terminal.see(/status=137\r\n/);
      terminal.type('hello\n');
      await terminal.see(/read: hello\r\n/);
    });
  }
});

describe('the settings of the terminal after isol8 run', { skip }, () => {
  const RAW = [
    'stty raw -echo; kill -9 $$',
    'stty raw -echo; ulimit -c 0; kill -SEGV $$',
    'stty raw -echo; exit 3',
    'true',
  ];
  for (const options of [
    ...WAYS,
    '-t ',
    '--share pid ',
    '--no-init ',
    '-it --timeout 300ms ',
    '--timeout 300ms ',
  ]) {
    it(`are as before, whatever the command did to them and however it ended, with '${options.trim()}'`, async () => {
      const timed = options.includes('ms');
      const endings = timed
        ? ['stty raw -echo; sleep 600']
        : RAW.filter((line) => !(options.includes('no-init') && line.includes('kill')));
      for (const ending of endings) {
        const script = `stty -ixon erase ^H; stty -g; $ISOL8 run ${options} -- sh -c '${ending}' >/dev/tty; stty -g; stty size`;
        await using terminal = await Terminal.open(['sh', '-c', script]);
        const lines = (await terminal.toTheEnd()).trim().split('\n');
        assert.equal(lines.length, timed ? 4 : 3, lines.join('\n'));
        assert.equal(lines.at(-2), lines[0], ending);
        assert.equal(lines.at(-1), '24 80');
      }
    });
  }

  it('are as before when a signal ends the command', async () => {
    for (const signal of ['ALRM', 'PWR', 'XCPU', 'VTALRM']) {
      const script = 'ulimit -c 0; stty -g; $ISOL8 run -it -- sleep 600; echo "status=$?"; stty -g';
      await using terminal = await Terminal.open(['sh', '-c', script]);
      await descendant(terminal.process.pid, 'sleep');
      const [job] = descendants(terminal.process.pid) as [number];
      process.kill(job, `SIG${signal}`);
      const [before, status, after] = (await terminal.toTheEnd()).trim().split('\n');
      assert.match(status ?? '', /^status=1[2-5]\d$/);
      assert.equal(after, before, signal);
    }
  });

  for (const signal of ['SIGTSTP', 'SIGSTOP'] as const) {
    it(`are raw again after ${signal} and fg, and meanwhile as a shell wants them`, async () => {
      await using terminal = await Terminal.openShell();
      const isRaw = rawnessOf(terminal);
      terminal.type("$ISOL8 run -it -e 'PS1=in> ' -- bash --norc --noprofile\n");
      await terminal.see(/in> $/);
      const [job] = descendants(terminal.process.pid) as [number];
      process.kill(job, signal);
      await terminal.see(/Stopped.*\r\nout> $/s);
      terminal.type('stty -a; fg\n');
      await terminal.see(/ icanon/);
      await eventually(() => stateOf(job) !== 'T' && isRaw(), 'the terminal is raw again');
      terminal.type('cat\n');
      const cat = await descendant(job, 'cat');
      terminal.type(CTRL_C);
      await eventually(() => !isAlive(cat), 'Ctrl-C reaches the command');
      assert.ok(isAlive(job));
      terminal.type('exit\n');
      await terminal.see(/out> $/);
      terminal.type('stty -a\n');
      await terminal.see(/ icanon/);
    });
  }

  it('are as before while SIGTSTP has stopped it, also for who does not set them', async () => {
    const script = 'stty -g; $ISOL8 run -it -- sleep 600; stty -g; kill -9 %1';
    await using terminal = await Terminal.open(['sh', '-mc', script]);
    await eventually(rawnessOf(terminal), 'the terminal is raw');
    const [job] = descendants(terminal.process.pid) as [number];
    process.kill(job, 'SIGTSTP');
    const lines = (await terminal.toTheEnd()).trim().split('\n');
    const settings = lines.filter((line) => /^[0-9a-f]+:/.test(line));
    assert.equal(settings.length, 2, lines.join('\n'));
    assert.equal(settings[1], settings[0]);
  });

  it('stay raw where SIGTSTP stops nobody, since no shell could continue it', async () => {
    await using terminal = await Terminal.open(['sh', '-c', 'exec $ISOL8 run -it -- sleep 600']);
    const pid = await descendant(terminal.process.pid, 'sleep');
    const isRaw = rawnessOf(terminal);
    await eventually(isRaw, 'the terminal is raw');
    process.kill(terminal.process.pid, 'SIGTSTP');
    await sleep(300);
    assert.ok(stateOf(terminal.process.pid) !== 'T' && isAlive(pid));
    assert.ok(isRaw());
  });

  it('are as before when nothing could be started', async () => {
    for (const options of WAYS) {
      const script = `stty raw -echo; stty -g; $ISOL8 run ${options} -- no-such-command 2>/dev/null; stty -g`;
      await using terminal = await Terminal.open(['sh', '-c', script]);
      const [before, after, ...rest] = (await terminal.toTheEnd()).trim().split(/\s+/);
      assert.deepEqual([after, rest], [before, []]);
    }
  });
});

describe('a terminal of unknown size', { skip }, () => {
  it('counts as 80 x 24 for a program with a terminal of its own, from the start and later', async () => {
    const script = 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done';
    await using terminal = await Terminal.open([
      'sh',
      '-c',
      `stty rows 0 cols 0; $ISOL8 run -t -- sh -c '${script}' & wait`,
    ]);
    await terminal.see(/24 80\r\r?\n/);
    terminal.resize({ columns: 132, rows: 50 });
    await terminal.see(/50 132\r\r?\n/);
    const tty = readlinkSync(`/proc/${terminal.process.pid}/fd/0`);
    execFileSync('stty', ['-F', tty, 'rows', '0', 'cols', '0']);
    await terminal.see(/24 80\r\r?\n/);
  });
});

describe('a full-screen program in isol8 run -it', { skip }, () => {
  it('has each key and each newline go through as it is', async () => {
    const inside = 'stty raw -echo; printf "a\\nb\\n"; head -c 4 | od -An -c';
    await using terminal = await Terminal.open(['sh', '-c', `exec $ISOL8 run -it -- sh -c '${inside}'`]);
    await terminal.see(/^a\nb\n/);
    terminal.type(`\r${CTRL_C}${CTRL_Z}\x11`);
    await terminal.see(/\\r 003 032 021/);
  });
});

describe('isol8 run as a job of an interactive shell', { skip }, () => {
  for (const options of ['', '--timeout 1h ', '--share pid ']) {
    it(`stops at Ctrl-Z, goes on with fg and ends at Ctrl-C, with '${options.trim()}'`, async () => {
      await using terminal = await Terminal.openShell();
      terminal.type(`$ISOL8 run ${options}-- sleep 600\n`);
      const pid = await sleeper(terminal.process.pid);
      const [job] = descendants(terminal.process.pid) as [number];
      terminal.type(CTRL_Z);
      await terminal.see(/\[1\]\+\s+Stopped\s.*sleep 600/);
      await eventually(() => stateOf(pid) === 'T' && stateOf(job) === 'T', 'both are stopped');
      terminal.type('bg\n');
      await eventually(() => stateOf(pid) === 'S', 'it goes on in the background');
      terminal.type('fg\n');
      await eventually(() => hasTerminal(pid), 'it is in the foreground');
      terminal.type(CTRL_C);
      await terminal.see(/out> $/);
      terminal.type('echo "status=$?"\n');
      await terminal.see(/status=130\r\n/);
      await eventually(() => !isAlive(pid), 'Ctrl-C has ended it');
    });

    it(`gives the command each Ctrl-C once, with '${options.trim()}'`, async () => {
      await using terminal = await Terminal.openShell();
      const script = 'trap "echo INT" INT; echo ready; while :; do sleep 600; done';
      terminal.type(`$ISOL8 run ${options}-- sh -c '${script}'\n`);
      await terminal.see(/ready\r\n/);
      for (let count = 0; count < 5; count++) {
        await sleeper(terminal.process.pid);
        terminal.type(CTRL_C);
        await terminal.see(/INT\r\n/);
      }
      const last = await sleeper(terminal.process.pid);
      const [job] = descendants(terminal.process.pid) as [number];
      process.kill(job, 'SIGTERM');
      const [between] = await terminal.see(/[\s\S]*out> $/);
      assert.doesNotMatch(between, /INT/);
      if (isAlive(last)) process.kill(last, 'SIGKILL'); // its parent was alone in being told
    });
  }

  it('gives a command with a terminal of its own what a key sends to isol8, also while PID 1 is slow', async () => {
    await using terminal = await Terminal.openShell();
    terminal.type('$ISOL8 run -t -- sleep 600\n');
    const pid = await sleeper(terminal.process.pid);
    const init = descendants(terminal.process.pid).find((one) => readProc(`${one}/comm`) === 'isol8-init\n');
    process.kill(init as number, 'SIGSTOP');
    await eventually(() => stateOf(init as number) === 'T', 'PID 1 is slow');
    terminal.type(CTRL_C);
    await sleep(300); // what the kernel has sent to PID 1 would keep out what isol8 sends to it
    process.kill(init as number, 'SIGCONT');
    await eventually(() => !isAlive(pid), 'Ctrl-C has ended it');
    await terminal.see(/out> $/);
    terminal.type('echo "status=$?"\n');
    await terminal.see(/status=130\r\n/);
  });

  it('leaves what is typed to the shell with -t and without -i', async () => {
    const script = '$ISOL8 run -t -- sh -c "echo ready; sleep 600"; read line; echo "read: $line"';
    await using terminal = await Terminal.open(['sh', '-c', script]);
    await terminal.see(/ready\r\r?\n/);
    const pid = await descendant(terminal.process.pid, 'sleep');
    terminal.type('hello\n');
    process.kill(pid, 'SIGKILL');
    await terminal.see(/read: hello\r\n/);
  });

  it('hangs up the command when the terminal goes away', async () => {
    for (const options of ['', '-it ', '-t ', '--timeout 1h ']) {
      const terminal = await Terminal.openShell();
      terminal.type(`$ISOL8 run ${options}-- sleep 600\n`);
      await descendant(terminal.process.pid, 'sleep');
      const family = descendants(terminal.process.pid);
      terminal.hangUp();
      await eventually(() => !family.some(isAlive), `${family} end, with ${options}`);
      await terminal[Symbol.asyncDispose]();
    }
  });
});
