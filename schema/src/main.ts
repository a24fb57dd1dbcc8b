import { staleFiles, writeFiles } from './files.js';

const say = (text: string) => process.stdout.write(`${text}\n`);
const [command = ''] = process.argv.slice(2);

if (command === 'print') {
  for (const path of writeFiles()) say(path);
} else if (command === 'verify') {
  const stale = staleFiles();
  for (const path of stale) say(`${path} is not what the code says; run npm run schema -- print`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  say(
    'npm run schema -- print    writes schema/subgraphs/*.graphql, supergraph.graphql and api.graphql\nnpm run schema -- verify   exits 1 when one of them is stale',
  );
  process.exitCode = 2;
}
