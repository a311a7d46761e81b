/**
 * The public API as a page, from its types and docstrings. What is exported without a docstring, or refers to what is not
 * exported, is an error here.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = new URL('..', import.meta.url).pathname;

const OPTIONS: TypeDocOptions & PluginOptions = {
  tsconfig: `${root}tsconfig.build.json`,
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  skipErrorChecking: true, // npm run types does that
  logLevel: 'Warn',
  // Nothing that changes with a line number or a commit.
  disableGit: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  sort: ['source-order'],
  groupOrder: ['Functions', 'Classes', 'Interfaces', 'Type Aliases'],
  validation: { notDocumented: true, notExported: true, invalidLink: true },
  requiredToBeDocumented: ['Class', 'Function', 'Interface', 'TypeAlias', 'Variable', 'Method', 'Accessor'],
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: {
    hideDefaults: true,
    hideInherited: true,
    hideModifiers: true,
    hideOverrides: true,
    hideSources: true,
    leftAlignHeaders: true,
  },
};

/** What package.json exports from which source, each a page, and tables of words that the types made of them are named by. */
const PAGES = {
  'docs/reference/README.md': {
    name: 'API reference',
    source: 'src/index.ts',
    from: 'isol8',
    tables: ['EXPLAIN_FORMATS', 'GRAPH_FORMATS', 'SIGNALS'],
  },
  'docs/reference/nftables.md': {
    name: 'nf_tables',
    source: 'src/nftables/index.ts',
    from: 'isol8/nftables',
    tables: ['DATA_TYPES', 'SELECTORS'],
  },
} as const;

/** A page as it is to be. Throws when something public says too little of itself. */
export async function renderReference(page: keyof typeof PAGES): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-reference-'));
  try {
    return { [page]: await renderInto(folder, PAGES[page]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function renderInto(
  folder: string,
  { name, source, from, tables }: (typeof PAGES)[keyof typeof PAGES],
): Promise<string> {
  const outputs = [{ name: 'markdown', path: folder }];
  const entryPoints = [`${root}${source}`];
  const page = { name, entryPoints, outputs, intentionallyNotExported: [...tables] };
  const application = await Application.bootstrapWithPlugins({ ...OPTIONS, ...page });
  const project = await application.convert();
  if (!project) throw new Error(`${source} cannot be documented: see the messages above`);
  application.validate(project);
  await application.generateOutputs(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings())
    throw new Error(`what ${source} exports is not documented well enough: see the messages above`);
  return withIndex(readFileSync(join(folder, 'README.md'), 'utf8'), from);
}

/** Links to everything below the title; typedoc makes an index only where there are several pages. */
function withIndex(page: string, from: string): string {
  const introduction = `What \`import … from '${from}'\` gives, from the docstrings by \`npm run generate\`.\n`;
  const [title, ...sections] = page.replace(/ +$/gm, '').split(/^(?=## )/m);
  const index = sections.map((section) => {
    const names = [...section.matchAll(/^### (\S+?)(?:\(\))?$/gm)].map(([, name = '']) => name);
    const links = names.map((name) => `[${name}](#${name.toLowerCase()})`).join(', ');
    return `* ${section.slice('## '.length, section.indexOf('\n'))}: ${links}\n`;
  });
  return [`${title}${introduction}\n`, ...index, '\n', ...sections].join('');
}
