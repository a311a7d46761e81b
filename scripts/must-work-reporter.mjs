/**
 * node:test's spec report, and before its closing lines what did not run and why. A file without a test is a
 * failure, and so is, with MUST_WORK=1, whatever was skipped or left as todo.
 */
import { relative, resolve } from 'node:path';
import { spec as Spec } from 'node:test/reporters';

export default async function* report(source) {
  const findings = [];
  let closing = false;
  const spec = new Spec();
  for await (const event of source) {
    findings.push(...findingsIn(event));
    if (!closing && isFirstClosingLine(event)) {
      closing = true;
      yield describe(findings);
    }
    spec.write(event);
    yield spec.read() ?? '';
  }
  spec.end();
  yield* spec;
  if (!closing || fails(findings)) {
    process.exitCode = 1;
  }
}

function findingsIn({ type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') {
    return [];
  }
  const file = data.file === undefined ? '' : relative(process.cwd(), data.file);
  const found = (kind, reason) => [{ kind, name: data.name, file, reason }];
  if (isWasted(data.skip)) {
    return found('skipped', reasonIn(data.skip));
  }
  if (isWasted(data.todo)) {
    return found('todo', reasonIn(data.todo));
  }
  // A file that registers nothing is reported as one passed test of the file's name.
  return type === 'test:pass' && data.nesting === 0 && resolve(data.name) === data.file
    ? found('empty', 'the file holds no test')
    : [];
}

function isWasted(mark) {
  return mark !== undefined && mark !== false;
}

function reasonIn(mark) {
  return typeof mark === 'string' && mark !== '' ? mark : 'no reason given';
}

function isFirstClosingLine({ type, data }) {
  return type === 'test:diagnostic' && data.nesting === 0 && /^tests \d+$/.test(data.message);
}

function describe(findings) {
  if (findings.length === 0) {
    return '';
  }
  const lines = findings.map(({ kind, file, name, reason }) => `  ${kind}: ${file}: ${name}: ${reason}\n`);
  const verdict = fails(findings) ? ', which fails this run' : '';
  return `\nDid not run${verdict}:\n${lines.join('')}\n`;
}

function fails(findings) {
  return findings.some(({ kind }) => kind === 'empty' || process.env.MUST_WORK === '1');
}
