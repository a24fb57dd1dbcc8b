import { parseCommand, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';

// Both import the code of every subgraph, and only when they are asked for.
export const printCommand: Command = {
  usage: 'print',
  summary: 'writes schema/subgraphs/*.graphql, supergraph.graphql, api.graphql and operations.json',
  async run(args, { say }) {
    parseCommand(args, {});
    const { writeFiles } = await import('../../generate/files.js');
    for (const path of writeFiles()) say(path);
    return EXIT.done;
  },
};

export const verifyCommand: Command = {
  usage: 'verify',
  summary: 'exits 1 when one of them is stale',
  async run(args, { say }) {
    parseCommand(args, {});
    const { staleFiles } = await import('../../generate/files.js');
    const stale = staleFiles();
    for (const path of stale) say(`${path} is not what the code says; run npm run schema -- print`);
    return stale.length > 0 ? EXIT.breaks : EXIT.done;
  },
};
