export const GRAPH_FORMATS = ['svg', 'mermaid', 'dot', 'html', 'text'] as const;
/** `svg`: a picture. `html`: one page with it. `mermaid` and `dot`: text for Mermaid and Graphviz. `text`: a tree of lines. */
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
