export const GRAPH_FORMATS = ['svg', 'mermaid', 'dot', 'html'] as const;
/** `svg`: a picture. `html`: one page with it. `mermaid` and `dot`: text for Mermaid and Graphviz. */
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
