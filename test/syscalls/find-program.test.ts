import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findProgram, programFolders } from '../../src/syscalls/files.js';

describe('a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-programs-'));
  after(() => rmSync(folder, { recursive: true }));
  const place = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const text = place('text');
  const directory = place('directory');
  const link = place('link');
  const file = place('file');
  writeFileSync(join(text, 'it'), '', { mode: 0o644 });
  mkdirSync(join(directory, 'it'));
  writeFileSync(join(file, 'it'), '', { mode: 0o755 });
  symlinkSync(join(file, 'it'), join(link, 'it'));

  it('is a file that can be executed, in the first of the folders that has one', () => {
    assert.equal(findProgram('it', [text, directory, join(text, 'it'), file, link]), join(file, 'it'));
    assert.equal(findProgram('it', [link, file]), join(link, 'it'));
    assert.equal(findProgram('it', [text, directory]), undefined);
    assert.equal(findProgram('it', []), undefined);
  });

  it('is looked for in the folders of PATH that stay the same in every directory, and where the system has its own', () => {
    const { PATH } = process.env;
    process.env.PATH = `${file}:::bin:./x:/opt/x`;
    const folders = programFolders();
    process.env.PATH = PATH;
    assert.deepEqual(folders.slice(0, 2), [file, '/opt/x']);
    for (const system of ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'])
      assert.ok(folders.includes(system), system);
  });
});
