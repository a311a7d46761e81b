export const GRAPH_FORMATS = ['svg', 'mermaid', 'dot', 'html', 'text'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
