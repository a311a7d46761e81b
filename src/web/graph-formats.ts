export const GRAPH_FORMATS = ['svg', 'mermaid', 'dot', 'html'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
