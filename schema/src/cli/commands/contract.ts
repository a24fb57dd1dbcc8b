import { parseCommand, UsageError, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';

export const contractCommand: Command = {
  usage: 'contract list  |  contract set NAME [--include TAG]… [--exclude TAG]…  |  contract drop NAME',
  summary: 'parts of the graph for some of its callers, chosen by @tag',
  async run(args, { client, say }) {
    const { values, positionals } = parseCommand(
      args,
      { include: { type: 'string', multiple: true, default: [] }, exclude: { type: 'string', multiple: true, default: [] } },
      { min: 1, max: 2 },
    );
    const [verb, name] = positionals;
    if (verb === 'list') {
      for (const { name, include, exclude } of (await client.contracts()).contracts)
        say(`${name}  include: ${include.join(', ') || 'all'}  exclude: ${exclude.join(', ') || 'none'}`);
      return EXIT.done;
    }
    if (!name) throw new UsageError('Name the contract.');
    if (verb === 'set') {
      const { graphVersion } = await client.setContract(name, { include: values.include, exclude: values.exclude });
      say(`Contract ${name} is served from version ${graphVersion} of the graph on: /v1/supergraph/${name}`);
    } else if (verb === 'drop') {
      await client.dropContract(name);
      say(`Contract ${name} is gone.`);
    } else throw new UsageError(`"${verb}" is not list, set or drop.`);
    return EXIT.done;
  },
};
