import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArtifactSigner, publicKeyOf, type Artifact } from '@pulsegraph/kit/artifact';
import { eventually } from '@pulsegraph/testkit';
import { supergraphFromRegistry, type RegistrySource } from './registry-source.js';

const aKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const key = aKey();
const artifact = (version: number, over: Partial<Artifact> = {}, signedBy = key) =>
  JSON.stringify(
    createArtifactSigner(signedBy)({ variant: 'main', version, supergraphSdl: `# ${version}`, trustedDocuments: {}, ...over }),
  );

/** Answers as the registry does, or as the test wants it to. */
class FakeRegistry {
  private server: Server | undefined;
  private port = 0;
  private waiting: (() => void)[] = [];
  asked = 0;
  constructor(private json: string) {}

  get url() {
    return `http://127.0.0.1:${this.port}/v1/supergraph/main`;
  }
  async start() {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }
  async stop() {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
  serve(json: string) {
    this.json = json;
    for (const wake of this.waiting.splice(0)) wake();
  }
  private answer(request: IncomingMessage, response: ServerResponse) {
    this.asked += 1;
    const etag = `"${Buffer.from(this.json).toString('base64').slice(-24)}"`;
    const send = () => {
      response.writeHead(200, { etag: `"${Buffer.from(this.json).toString('base64').slice(-24)}"` });
      response.end(this.json);
    };
    if (request.headers['if-none-match'] === etag) this.waiting.push(send);
    else send();
  }
}

let folder: string;
let registry: FakeRegistry;
const sources: RegistrySource[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsegraph-registry-source-'));
  registry = new FakeRegistry(artifact(1));
  await registry.start();
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.stop();
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startSource(over: { cacheFile?: string; refuse?: (sdl: string) => boolean } = {}) {
  const source = supergraphFromRegistry({
    url: registry.url,
    token: 't',
    publicKey: publicKeyOf(key),
    retryMs: 5,
    cacheFile: over.cacheFile,
  });
  sources.push(source);
  const taken: string[] = [];
  const failures: string[] = [];
  await source.start({
    onSupergraph: (sdl) => {
      if (over.refuse?.(sdl)) throw new Error('no supergraph');
      taken.push(sdl);
    },
    onFailure: (error) => failures.push((error as Error).message),
  });
  return { source, taken, failures };
}

describe('the registry’s supergraph', () => {
  it('is taken as soon as there is a new one, and says which version it is', async () => {
    const { source, taken } = await startSource();
    expect(source.servedVersion).toBe(1);
    registry.serve(artifact(2));
    await eventually(() => expect(taken).toEqual(['# 1', '# 2']));
    await eventually(() => expect(source.servedVersion).toBe(2));
  });

  it.each([
    ['signed by another key', () => artifact(2, {}, aKey()), 'not that of the registry'],
    ['altered on the way', () => artifact(2).replace('# 2', '# evil'), 'not that of the registry'],
    ['given another version than it was signed with', () => artifact(2).replace('"version":2', '"version":3'), 'not that of the registry'],
    ['cut off', () => artifact(2).slice(0, -40), 'not whole'],
    ['without its signature', () => JSON.stringify({ variant: 'main', version: 2, supergraphSdl: '# 2' }), 'not whole'],
    ['of another variant', () => artifact(2, { variant: 'public' }), 'not of "main"'],
    ['older than what is served', () => artifact(1, { supergraphSdl: '# older' }), 'older than 5'],
  ])('is refused when %s, and the last good one goes on', async (what, forged, message) => {
    registry.serve(artifact(what.startsWith('older') ? 5 : 1));
    const { source, taken, failures } = await startSource();
    const before = [...taken];
    registry.serve(forged());
    await eventually(() => expect(failures[0]).toContain(message));
    expect(taken).toEqual(before);
    registry.serve(artifact(9));
    await eventually(() => expect(source.servedVersion).toBe(9));
  });

  it('that cannot be used is refused, and the next one is taken', async () => {
    const { source, taken, failures } = await startSource({ refuse: (sdl) => sdl === '# 2' });
    registry.serve(artifact(2));
    await eventually(() => expect(failures).toContain('no supergraph'));
    expect(source.servedVersion).toBe(1);
    registry.serve(artifact(3));
    await eventually(() => expect(taken).toEqual(['# 1', '# 3']));
  });

  it('outlasts a registry that is away, and follows it again when it is back', async () => {
    const { taken, failures } = await startSource();
    await registry.stop();
    await eventually(() => expect(failures.length).toBeGreaterThan(2));
    expect(taken).toEqual(['# 1']);
    await registry.start();
    registry.serve(artifact(2));
    await eventually(() => expect(taken).toEqual(['# 1', '# 2']));
  });

  it('is kept on disk, so that a start needs no registry', async () => {
    const cacheFile = join(folder, 'deep', 'supergraph.json');
    const first = await startSource({ cacheFile });
    first.source.stop();
    await registry.stop();
    const { source, taken, failures } = await startSource({ cacheFile });
    expect(taken).toEqual(['# 1']);
    expect(source.servedVersion).toBe(1);
    expect(failures).not.toEqual([]);
  });

  it('is not believed from a disk on which it was altered', async () => {
    const cacheFile = join(folder, 'supergraph.json');
    await startSource({ cacheFile });
    await writeFile(cacheFile, (await readFile(cacheFile, 'utf8')).replace('# 1', '# evil'));
    await registry.stop();
    await expect(startSource({ cacheFile })).rejects.toThrow('The registry gave no supergraph, and none is kept here');
  });

  it('brings documents without a new supergraph, and then nothing is loaded anew', async () => {
    const { source, taken } = await startSource();
    registry.serve(artifact(2, { supergraphSdl: '# 1', trustedDocuments: { abc: '{ me }' } }));
    await eventually(() => expect([...source.trustedDocuments]).toEqual([['abc', '{ me }']]));
    expect(taken).toEqual(['# 1']);
  });
});
