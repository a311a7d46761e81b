import { type Diagnosis, diagnose } from '../../doctor/diagnose.js';
import type { Finding } from '../../doctor/finding.js';
import type { KindTrials, Trial } from '../../doctor/trials.js';
import { paint } from '../../foundation/paint.js';
import { inColumns } from '../aligned.js';
import { parseOptions } from '../getopt.js';
import { wrap } from '../help.js';
import { answersHelp } from '../help-option.js';
import { helpStyle, STDOUT, write } from '../output.js';
import { VERSION } from '../version.js';
import { doctorCommand } from './doctor-options.js';

const EXIT_LACKING = 1;

type Style = ReturnType<typeof helpStyle>;

/** isol8 doctor. */
export async function doctor(argv: readonly string[]): Promise<number> {
  const options = parseOptions(doctorCommand, argv);
  const style = helpStyle();
  if (await answersHelp(options, doctorCommand)) return 0;
  const diagnosis = await diagnose();
  write(STDOUT, options.has('json') ? `${JSON.stringify(diagnosis, null, 2)}\n` : render(diagnosis, style));
  return diagnosis.works ? 0 : EXIT_LACKING;
}

function render({ kernel, architecture, uid, kinds, sections }: Diagnosis, style: Style): string {
  const user = uid === 0 ? 'root' : `an ordinary user (uid ${uid})`;
  const head = `isol8 ${VERSION} on Linux ${kernel}, ${architecture}, as ${user}\n`;
  const [first, ...rest] = sections.map(
    ({ title, findings }) =>
      `\n${bold(title, style)}\n${findings.map((each) => renderFinding(each, style)).join('')}`,
  );
  return [head, first, renderKinds(kinds, style), ...rest].join('');
}

const LABEL = 17;
const MARKS = { ok: ['ok', '32'], note: ['note', '33'], lack: ['no', '31'] } as const;

/** A mark, what it is about, the text, and the remedy on lines of its own, so that it can be copied. */
function renderFinding({ about, state, detail, mend }: Finding, style: Style): string {
  const [mark, color] = MARKS[state];
  const indent = ' '.repeat(8 + LABEL);
  const lines = wrap(detail, Math.max(20, style.columns - indent.length));
  const start = `  ${paint(mark.padEnd(6), color, style.color)}${about.padEnd(LABEL)}`;
  const remedy =
    mend === undefined ? '' : `${indent}${paint('$', '2', style.color)} ${paint(mend, '36', style.color)}\n`;
  return `${start}${lines.join(`\n${indent}`)}\n${remedy}`;
}

function renderKinds(kinds: readonly KindTrials[], style: Style): string {
  const rows = kinds.map((trials) => [
    `  ${trials.kind}`,
    word(trials.direct, trials.inside?.works ?? false),
    trials.inside === undefined ? '-' : word(trials.inside),
    word(trials.joined),
    `${trials.limit ?? '-'}`,
  ]);
  const table = inColumns([['  kind', 'made directly', 'in a user namespace', 'joined', 'limit'], ...rows]);
  const colored = table
    .replace(/\byes\b/g, (text) => paint(text, '32', style.color))
    .replace(/\bno\b/g, (text) => paint(text, '31', style.color));
  return `\n${bold('Namespaces', style)}\n${colored}${reasons(kinds, style)}`;
}

/** What takes root alone is no lack, where a user namespace does. */
const word = ({ works, code }: Trial, otherwise = false): string =>
  works ? 'yes' : otherwise && code === 'EPERM' ? 'root only' : 'no';

/** Each failure once, with the kinds that it is about. */
function reasons(kinds: readonly KindTrials[], style: Style): string {
  const byText = new Map<string, string[]>();
  for (const { kind, direct, inside, joined } of kinds) {
    const failed = [
      ...(word(direct, inside?.works) === 'no' ? [direct] : []),
      ...(inside ? [inside] : []),
      joined,
    ];
    for (const { failure } of failed) {
      if (failure === undefined) continue;
      const text = failure.replace(/^[^:]*: (?=E[A-Z]+ )/, '').replace(/ \(step \d+ of \d+: .*?\)/, '');
      byText.set(text, [...new Set([...(byText.get(text) ?? []), kind])]);
    }
  }
  const indent = '    ';
  return [...byText]
    .map(([text, names]) =>
      wrap(`${names.join(', ')}: ${text}`, style.columns - indent.length).join(`\n${indent}`),
    )
    .map((text) => `${indent}${text}\n`)
    .join('');
}

const bold = (text: string, { color }: Style): string => paint(text, '1', color);
