import { createGateway, type SupergraphSource } from '@pulsegraph/gateway';
import { createLog } from '@pulsegraph/kit/log';
import { VERSION } from '@pulsegraph/kit/version';
import { CompositionFailed, compose } from '../../composition/compose.js';
import { faultText } from '../../composition/fault.js';
import { parseCommand, required, UsageError, wholeNumber, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { readSource, sdlFromService } from '../source.js';

const LOOK_EVERY_MS = 1_000;
const LOOPBACK = '127.0.0.1';

export const devCommand: Command = {
  usage: 'dev --subgraph NAME (--url URL | --file FILE) [--port 4100] [--at NAME=URL]…',
  summary: 'a gateway on your working copy and the published rest, which takes every change',
  async run(args, { client, say, stop }) {
    const { values } = parseCommand(args, {
      subgraph: { type: 'string' },
      url: { type: 'string' },
      file: { type: 'string' },
      port: { type: 'string', default: '4100' },
      at: { type: 'string', multiple: true, default: [] },
    });
    const name = required('--subgraph', values.subgraph);
    if (!values.url && !values.file) throw new UsageError('Say where the working copy is: --url, --file, or both.');
    const places = new Map(values.at.map(placeOf));
    const rest = (await client.subgraphs()).subgraphs.filter((subgraph) => subgraph.name !== name || !values.url);
    const url = values.url ?? rest.find((subgraph) => subgraph.name === name)?.url;
    if (url === undefined) throw new UsageError(`"${name}" is not published: say with --url where it is served.`);
    const { file } = values;
    const read = () => (file ? readSource(file) : sdlFromService(url));
    const composed = async () => {
      const sdl = await read();
      const others = rest
        .filter((subgraph) => subgraph.name !== name)
        .map((subgraph) => ({ ...subgraph, url: places.get(subgraph.name) ?? subgraph.url }));
      return { sdl, supergraphSdl: compose([...others, { name, url, sdl }], name).supergraphSdl };
    };
    const gateway = createGateway({
      version: VERSION,
      log: createLog('gateway', 'error'),
      supergraph: workingCopy(composed, say),
      subgraphs: {},
      identity: null,
      maskErrors: false,
      publicUrl: `http://localhost:${values.port}`,
    });
    try {
      const port = await gateway.start(wholeNumber('--port', values.port) ?? 0, LOOPBACK);
      say(`Your ${name} with the published rest: http://${LOOPBACK}:${port}/graphql`);
      await new Promise<void>((resolve) => (stop.aborted ? resolve() : stop.addEventListener('abort', () => resolve(), { once: true })));
    } catch (error) {
      if (!(error instanceof CompositionFailed)) throw error;
      say(error.faults.map(faultText).join('\n'));
      return EXIT.composition;
    } finally {
      await gateway.stop();
    }
    return EXIT.done;
  },
};

/** Looked at every second; a copy that does not compose is told of, and the last good one goes on. */
function workingCopy(composed: () => Promise<{ sdl: string; supergraphSdl: string }>, say: (text: string) => void): SupergraphSource {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let told = '';
  return {
    async start(listener) {
      const first = await composed();
      listener.onSupergraph(first.supergraphSdl);
      let last = first.supergraphSdl;
      const look = async () => {
        try {
          const { supergraphSdl } = await composed();
          if (supergraphSdl !== last) {
            listener.onSupergraph(supergraphSdl);
            last = supergraphSdl;
            say('Taken.');
          }
          told = '';
        } catch (error) {
          const text =
            error instanceof CompositionFailed
              ? error.faults.map(faultText).join('\n')
              : error instanceof Error
                ? error.message
                : String(error);
          if (text !== told) say(text);
          told = text;
        }
        if (!stopped) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
      };
      timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function placeOf(text: string): [string, string] {
  const [name = '', url = ''] = text.split(/=(.*)/s);
  if (name === '' || !URL.canParse(url)) throw new UsageError(`--at must be NAME=URL, not "${text}".`);
  return [name, url];
}
