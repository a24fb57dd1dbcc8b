import { usageReportShape, type UsageReceipt } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { requireInternalToken } from '@pulsegraph/kit/http';
import { Router, type Request } from 'express';
import { releases } from '../document/document.repository.js';
import type { KeyHolder } from '../key/publish-key.js';
import type { Registry } from '../registry/registry.js';
import { gateways, recordReport, usageByClient, usageByField, usageOfCoordinate } from '../usage/usage.repository.js';
import { deprecatedButUsed, fieldStandings, unusedFields } from '../usage/usage-views.js';
import { newestGraph } from '../version/version.repository.js';
import { usageQuery } from './bodies.js';

export interface UsageRoutesOptions {
  registry: Registry;
  internalToken: string;
  holderOf: (request: Request) => Promise<KeyHolder>;
}

export function usageRoutes({ registry, internalToken, holderOf }: UsageRoutesOptions): Router {
  const router = Router();
  const { store } = registry;
  router.post('/usage', requireInternalToken(internalToken), async (request, response) => {
    const report = parseInput(usageReportShape, request.body, 'body');
    const receipt: UsageReceipt = { unknown: await store.transaction((sql) => recordReport(sql, report)) };
    response.json(receipt);
  });
  router.get('/usage', async (request, response) => {
    await holderOf(request);
    const { view, coordinate, windowDays } = parseInput(usageQuery, request.query, 'query');
    if (view === 'client') return void response.json({ clients: await usageByClient(store, windowDays) });
    if (view === 'gateways') return void response.json({ gateways: await gateways(store) });
    if (view === 'releases') return void response.json({ releases: await releases(store, windowDays) });
    if (view === 'field') {
      if (!coordinate) throw errors.badUserInput('query.coordinate', 'name the field: Type.field');
      return void response.json({ coordinate, uses: await usageOfCoordinate(store, coordinate, windowDays) });
    }
    const graph = await newestGraph(store);
    if (!graph) throw errors.notFound('graph');
    const standings = fieldStandings(registry.viewOf(graph).schema, await usageByField(store, windowDays));
    response.json({
      fields: view === 'unused' ? unusedFields(standings) : view === 'deprecated' ? deprecatedButUsed(standings) : standings,
    });
  });
  return router;
}
