import { randomUUID } from 'node:crypto';
import type { EventLog, LogConsumer } from '@pulsegraph/kit/event-log';
import type { HealthCheck } from '@pulsegraph/kit/http';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Announcer, RULES_CHANNEL, SILENCES_CHANNEL } from './announce.js';
import { EvaluationStore } from './evaluator/evaluation.store.js';
import { Evaluator } from './evaluator/evaluator.js';
import { LeaderDuties } from './evaluator/leader-duties.js';
import { Leadership } from './evaluator/leadership.js';
import { RuleBook } from './evaluator/rule-book.js';
import { StateStore } from './evaluator/state.store.js';
import { keepWatch } from './evaluator/watch-gap.js';
import { VerdictSaver } from './evaluator/verdict.saver.js';
import { prepareJobQueue } from './job/index.js';
import { Periodic } from './periodic.js';
import { SilenceBook } from './silence/silence-book.js';
import { MIGRATIONS } from './migrations/index.js';

export interface AlertEvaluatorOptions {
  /** Connects as `alerts_migrator`; the evaluator's own role follows from it. */
  databaseUrl: string;
  bus: LiveBus;
  eventLog: EventLog;
  /** Started by whoever made it. */
  projection: RegistryProjection;
  log: Log;
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number;
  /** How often deadlines are looked at, default 500. */
  tickMs?: number;
  /** An alert that returns this soon after it was resolved is reopened instead of raised anew. Default 60 s; 0: never. */
  reopenWithinMs?: number;
  /** An alert that nobody acknowledges escalates after this, default 5 minutes. */
  escalateAfterMs?: number;
  /** How far back `alertChanged` can be resumed, default one hour. */
  replayWindowMs?: number;
  /** How long resolved alerts are kept, default 180 days. */
  alertRetentionMs?: number;
}

export interface AlertEvaluator {
  start(): Promise<void>;
  /** Resolves when rules and registry as they are now have taken effect, without waiting for the next round. */
  refresh(): Promise<void>;
  /** Finishes the batch in hand; what it knew is stored. */
  stop(): Promise<void>;
  readonly checks: readonly HealthCheck[];
}

const DAY_MS = 86_400_000;
/** Wake-ups may be lost; tables are asked this often regardless. */
const RULES_POLL_MS = 5_000;
const CATCH_UP_MS = 2_000;
const FLUSH_MS = 5_000;
/** What a detector forgets by a crash is no more than it learns in a few such rounds. */
const LEARNT_MS = 10_000;
const LEARNT_PER_ROUND = 400;

/** Role `evaluator`: watches readings and time, raises and resolves. Any number of them share the devices. */
export function createAlertEvaluator(options: AlertEvaluatorOptions): AlertEvaluator {
  const { databaseUrl, bus, eventLog, projection, log, clock = Date.now } = options;
  const pool = createPool({ databaseUrl, owner: 'alerts', kind: 'service', maxConnections: 5 }, (error) =>
    log.warn({ err: error }, 'An idle database connection broke'),
  );
  const announcer = new Announcer(bus, log);
  const rules = new RuleBook(pool, projection, log);
  const states = new StateStore(pool, randomUUID());
  const silences = new SilenceBook(pool, projection, clock);
  const handling = { reopenWithinMs: options.reopenWithinMs ?? 60_000, escalateAfterMs: options.escalateAfterMs ?? 300_000 };
  const saver = new VerdictSaver({
    pool,
    states,
    registry: projection,
    announcer,
    clock,
    silences,
    ...handling,
  });
  const evaluator = new Evaluator({ rules, states, saver, registry: projection, log, clock });
  const duties = new LeaderDuties({
    pool,
    rules,
    states,
    evaluator,
    announcer,
    clock,
    registry: projection,
    silences,
    escalateAfterMs: handling.escalateAfterMs,
    replayWindowMs: options.replayWindowMs ?? 3_600_000,
    alertRetentionMs: options.alertRetentionMs ?? 180 * DAY_MS,
  });
  const leadership = new Leadership(pool, log, () => duties.begin());
  const evaluations = new EvaluationStore(pool, rules);
  const refreshRules = async () => {
    if ((await rules.refresh()).size === 0) return;
    evaluator.watches.refitAll();
    duties.onRulesChange();
  };
  const onFailure = (what: string) => (error: unknown) => log.error({ err: error }, `${what} failed; the next round tries again`);
  const loops = {
    rules: new Periodic(refreshRules, RULES_POLL_MS, onFailure('Reading rules')),
    silences: new Periodic(() => silences.refresh(), RULES_POLL_MS, onFailure('Reading silences')),
    ticks: new Periodic(() => evaluator.tick(), options.tickMs ?? 500, onFailure('A tick')),
    duties: new Periodic(() => (leadership.held ? duties.run() : Promise.resolve()), options.tickMs ?? 500, onFailure("A leader's duty")),
    catchUp: new Periodic(() => evaluator.catchUp(), CATCH_UP_MS, onFailure('Catching up with other evaluators')),
    learnt: new Periodic(() => evaluator.storeLearnt(LEARNT_PER_ROUND), LEARNT_MS, onFailure('Storing what was learnt')),
    flush: new Periodic(() => evaluations.flush(), FLUSH_MS, onFailure('Writing evaluation times')),
  };
  const refits = new Periodic(() => Promise.resolve(evaluator.watches.refitAll()), 30_000, onFailure('Refitting'));
  let consumer: LogConsumer | undefined;
  const subscriptions: number[] = [];
  let leaveRegistry: (() => void) | undefined;

  return {
    async start() {
      await migrate(databaseUrl, 'alerts', MIGRATIONS, () => prepareJobQueue(databaseUrl));
      await untilReady(projection);
      leaveRegistry = projection.onChange((changes, snapshot) => {
        evaluator.watches.onRegistryChange(changes, snapshot);
        duties.onRegistryChange(changes, snapshot);
        if (leadership.held) loops.duties.soon();
      });
      subscriptions.push(
        await bus.subscribe(RULES_CHANNEL, () => loops.rules.soon()),
        await bus.subscribe(SILENCES_CHANNEL, () => loops.silences.soon()),
      );
      await silences.refresh();
      await keepWatch(pool, clock());
      await refreshRules();
      await leadership.start();
      for (const loop of [...Object.values(loops), refits]) loop.start();
      consumer = await eventLog.consume('alert-evaluator', (batch) => evaluator.handle(batch));
    },
    async refresh() {
      await loops.silences.now();
      await loops.rules.now();
      await loops.duties.now();
      // Rules made from profiles come by the same way.
      await loops.rules.now();
      await loops.duties.now();
    },
    async stop() {
      await consumer?.stop();
      leaveRegistry?.();
      for (const subscription of subscriptions) bus.unsubscribe(subscription);
      await Promise.all([...Object.values(loops), refits].map((loop) => loop.stop()));
      await evaluator.storeLearnt(Infinity).catch(onFailure('Storing what was learnt'));
      await evaluations.flush().catch(onFailure('Writing evaluation times'));
      await leadership.stop();
      await pool.end();
    },
    checks: [
      { name: 'postgres', check: async () => void (await pool.query('select 1')) },
      { name: 'event-log', check: () => eventLog.ping() },
      { name: 'bus', check: () => bus.ping(), optional: true },
      {
        name: 'registry',
        check: () => (projection.ready ? Promise.resolve() : Promise.reject(new Error('no first snapshot of the device registry yet'))),
      },
    ],
  };
}

/** Without the registry no reading could be judged, and what was read would be lost to alerts. */
function untilReady(projection: RegistryProjection): Promise<void> {
  if (projection.ready) return Promise.resolve();
  return new Promise((resolve) => {
    const leave = projection.onChange(() => {
      leave();
      resolve();
    });
  });
}
