import { randomBytes } from 'node:crypto';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { Router, type Request } from 'express';
import { reportMarkdown, reportText } from '../check/report-text.js';
import { checkRuns } from '../check/check-run.repository.js';
import { readContracts } from '../contract/contract.repository.js';
import { addKey, requireRight, revokeKey, type KeyHolder } from '../key/publish-key.js';
import { readOwners, replaceOwners } from '../owner/owner.repository.js';
import { DEFAULT_CHECK, type CheckSettings, type Registry } from '../registry/registry.js';
import { diffGraphs } from '../version/diff-graphs.js';
import { graphAt, graphHistory, newestGraph, subgraphAt, subgraphHistory, subgraphsOf } from '../version/version.repository.js';
import { addWebhook, readWebhooks, removeWebhook } from '../webhook/webhook.repository.js';
import * as bodies from './bodies.js';

export interface RegistryRoutesOptions {
  registry: Registry;
  holderOf: (request: Request) => Promise<KeyHolder>;
  /** Something may have been queued for webhooks. */
  onChange: () => void;
}

/** What people and pipelines do; each route needs a key. */
export function registryRoutes({ registry, holderOf, onChange }: RegistryRoutesOptions): Router {
  const router = Router();
  const { store } = registry;
  const subgraphOf = (request: Request) => parseInput(bodies.subgraphName, request.params.subgraph, 'subgraph');

  router.post('/subgraphs/:subgraph/check', async (request, response) => {
    const holder = await holderOf(request);
    const { windowDays, busiest, maxExtraHops, ...proposal } = parseInput(bodies.checkBody, request.body, 'body');
    const report = await registry.check(
      holder,
      { subgraph: subgraphOf(request), ...proposal },
      settings({ windowDays, busiest, maxExtraHops }),
    );
    response.json({ ...report, text: reportText(report), markdown: reportMarkdown(report) });
    onChange();
  });
  router.post('/subgraphs/:subgraph/publish', async (request, response) => {
    const holder = await holderOf(request);
    const { windowDays, busiest, maxExtraHops, ...proposal } = parseInput(bodies.publishBody, request.body, 'body');
    response.json(
      await registry.publish(holder, { subgraph: subgraphOf(request), ...proposal }, settings({ windowDays, busiest, maxExtraHops })),
    );
    onChange();
  });
  router.get('/subgraphs', async (request, response) => {
    await holderOf(request);
    const newest = await newestGraph(store);
    const subgraphs = newest ? await subgraphsOf(store, newest) : [];
    response.json({ graphVersion: newest?.version ?? null, subgraphs });
  });
  router.get('/subgraphs/:subgraph', async (request, response) => {
    await holderOf(request);
    const subgraph = subgraphOf(request);
    const { version } = parseInput(bodies.versionQuery, request.query, 'query');
    const current = version ?? (await newestGraph(store))?.subgraphs[subgraph] ?? 0;
    const found = await subgraphAt(store, subgraph, current);
    if (!found && version !== undefined) throw errors.notFound('version of this subgraph');
    response.json(found ?? { name: subgraph, version: 0 });
  });
  router.get('/subgraphs/:subgraph/history', async (request, response) => {
    await holderOf(request);
    const versions = await subgraphHistory(store, subgraphOf(request));
    if (versions.length === 0) throw errors.notFound('subgraph');
    response.json({ versions });
  });
  router.get('/history', async (request, response) => {
    await holderOf(request);
    const { limit } = parseInput(bodies.limitQuery, request.query, 'query');
    response.json({ versions: await graphHistory(store, limit) });
  });
  router.get('/diff', async (request, response) => {
    await holderOf(request);
    const { from, to } = parseInput(bodies.versionPair, request.query, 'query');
    const [before, after] = [await graphAt(store, from), await graphAt(store, to)];
    if (!before || !after) throw errors.notFound('version of the graph');
    response.json({ from, to, changes: await diffGraphs(before.apiSdl, after.apiSdl) });
  });
  router.post('/rollback', async (request, response) => {
    const holder = await holderOf(request);
    response.json(await registry.rollback(holder, parseInput(bodies.rollbackBody, request.body, 'body')));
    onChange();
  });
  router.get('/checks', async (request, response) => {
    await holderOf(request);
    const { limit } = parseInput(bodies.limitQuery, request.query, 'query');
    response.json({ checks: await checkRuns(store, limit) });
  });
  router.post('/approvals', async (request, response) => {
    const holder = await holderOf(request);
    response.json(await registry.approve(holder, parseInput(bodies.approvalBody, request.body, 'body')));
  });

  router.get('/contracts', async (request, response) => {
    await holderOf(request);
    response.json({ contracts: await readContracts(store) });
  });
  router.put('/contracts/:contract', async (request, response) => {
    const holder = await holderOf(request);
    const name = parseInput(bodies.contractName, request.params.contract, 'contract');
    response.json(await registry.setContract(holder, { name, ...parseInput(bodies.contractBody, request.body, 'body') }));
  });
  router.delete('/contracts/:contract', async (request, response) => {
    const holder = await holderOf(request);
    response.json(await registry.dropContract(holder, parseInput(bodies.contractName, request.params.contract, 'contract')));
  });

  router.post('/documents', async (request, response) => {
    const holder = await holderOf(request);
    const { graphVersion, documents } = await registry.publishDocuments(holder, parseInput(bodies.documentsBody, request.body, 'body'));
    response.json({ graphVersion, documents: documents.map(({ hash, name }) => ({ hash, name })) });
  });
  router.post('/documents/retire', async (request, response) => {
    const holder = await holderOf(request);
    const { client, clientVersion } = parseInput(bodies.releaseBody, request.body, 'body');
    response.json(await registry.retireDocuments(holder, client, clientVersion));
  });

  router.get('/owners', async (request, response) => {
    await holderOf(request);
    response.json(await readOwners(store));
  });
  router.put('/owners', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    const owners = parseInput(bodies.ownersBody, request.body, 'body');
    await store.transaction((sql) => replaceOwners(sql, owners));
    response.json(owners);
  });
  router.post('/keys', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    response.status(201).json(await addKey(store, parseInput(bodies.keyBody, request.body, 'body')));
  });
  router.delete('/keys/:id', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    await revokeKey(store, uuidOf(request));
    response.status(204).end();
  });
  router.get('/webhooks', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    response.json({ webhooks: await readWebhooks(store) });
  });
  router.post('/webhooks', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    const { url, events } = parseInput(bodies.webhookBody, request.body, 'body');
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    response.status(201).json({ id: await addWebhook(store, url, secret, events), secret });
  });
  router.delete('/webhooks/:id', async (request, response) => {
    requireRight(await holderOf(request), 'admin');
    await removeWebhook(store, uuidOf(request));
    response.status(204).end();
  });
  return router;
}

function uuidOf({ params }: Request): string {
  const { id } = params;
  if (typeof id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw errors.badUserInput('id', 'is no id');
  return id;
}

const settings = ({ windowDays, busiest, maxExtraHops }: Partial<CheckSettings>): CheckSettings => ({
  windowDays: windowDays ?? DEFAULT_CHECK.windowDays,
  busiest: busiest ?? DEFAULT_CHECK.busiest,
  maxExtraHops: maxExtraHops ?? DEFAULT_CHECK.maxExtraHops,
});
