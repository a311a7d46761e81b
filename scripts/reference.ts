/**
 * The public API as a page, from its types and docstrings. What is exported without a docstring, or names a type that is not
 * exported, is an error here; members of classes and interfaces may do without.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = new URL('..', import.meta.url).pathname;

/** Tables whose words are a type by `keyof typeof`: the type is public, the numbers are not. */
const TABLES_OF_WORDS = (
  'ADDR_GEN_MODES DATA_TYPES DF EXPLAIN_FORMATS GRAPH_FORMATS IFF INET_CONF IPVLAN_FLAGS IPVLAN_MODES LOCKS ' +
  'MACVLAN_MODES NAMES NEIGHBOR_STATES PORT_STATES PREFERENCES ROUTE_PROTOCOLS ROUTE_TYPES RULE_ACTIONS SCOPES ' +
  'SELECTORS SIGNALS TABLES VLAN_PROTOCOLS'
).split(' ');

const OPTIONS: TypeDocOptions & PluginOptions = {
  name: 'API reference',
  entryPoints: [`${root}src/index.ts`],
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
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Accessor'],
  intentionallyNotExported: TABLES_OF_WORDS,
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: true,
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

/** What typedoc writes, where it goes, and how one gets what it is about: a namespace has a page of its own. */
const PAGES = [
  { written: 'README.md', page: 'README.md', from: "import … from 'isol8'" },
  {
    written: 'API-reference/namespaces/nftables.md',
    page: 'nftables.md',
    from: "import { nftables } from 'isol8'",
  },
];

/** docs/reference as it is to be. Throws when something public says too little of itself. */
export async function renderReference(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-reference-'));
  try {
    await renderInto(folder);
    const pages = PAGES.map(({ written, page, from }) => [
      `docs/reference/${page}`,
      relinked(withIndex(readFileSync(join(folder, written), 'utf8'), from)),
    ]);
    return Object.fromEntries(pages) as Record<string, string>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function renderInto(folder: string): Promise<void> {
  const outputs = [{ name: 'markdown', path: folder }];
  const application = await Application.bootstrapWithPlugins({ ...OPTIONS, outputs });
  const project = await application.convert();
  if (!project) throw new Error('src/index.ts cannot be documented: see the messages above');
  application.validate(project);
  await application.generateOutputs(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings())
    throw new Error('the public API is not documented well enough: see the messages above');
}

/** Pages lie beside each other here, and headings are named as GitHub does, not as typedoc counts them. */
function relinked(page: string): string {
  const anchors = anchorsOf(page);
  return page
    .replace(/\]\((?:\.\.\/)*(?:[\w-]+\/)*([\w-]+\.md)/g, (_, file: string) => `](${file}`)
    .replace(/(\[`(\w+)`\])\(#[\w-]+\)/g, (link: string, text: string, name: string) => {
      const anchor = anchors.get(name);
      return anchor === undefined ? link : `${text}(#${anchor})`;
    });
}

/** Links to everything below the title; typedoc makes an index only where there are several pages. */
function withIndex(page: string, from: string): string {
  const anchors = anchorsOf(page);
  const [title = '', ...sections] = page.replace(/ +$/gm, '').split(/^(?=## )/m);
  const index = sections.map((section) => {
    const names = [...section.matchAll(/^### (.+)$/gm)].map(([, name = '']) => name);
    const links = names.map((name) => `[${name.replace('()', '')}](#${anchors.get(name)})`);
    const pages = [...section.matchAll(/^- (\[.+\]\(.+\.md\))$/gm)].map(([, link]) => link);
    return `* ${section.slice('## '.length, section.indexOf('\n'))}: ${[...links, ...pages].join(', ')}\n`;
  });
  const introduction = `What \`${from}\` gives, from the docstrings by \`npm run generate\`.\n\n`;
  return [title, introduction, ...index, '\n', ...sections].join('');
}

/** By heading: what is called like one before has a number behind its name. */
function anchorsOf(page: string): Map<string, string> {
  const seen = new Map<string, number>();
  const headings = page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^(#+) (.+)$/gm);
  const anchors = [...headings].map(([, level, name = '']) => {
    const slug = name.toLowerCase().replace(/[^\w\- ]/g, '');
    const anchor = slug.replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return { level, name, anchor: before === 0 ? anchor : `${anchor}-${before}` };
  });
  return new Map(anchors.filter(({ level }) => level === '###').map(({ name, anchor }) => [name, anchor]));
}
