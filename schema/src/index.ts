export { compose, type Composed } from './compose.js';
export { printSubgraphs, type SubgraphSdl } from './subgraphs.js';
