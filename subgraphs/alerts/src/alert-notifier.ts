import type { HealthCheck } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import type { Mailer } from '@pulsegraph/kit/mail';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import { createSealer } from '@pulsegraph/kit/sealing';
import { wholeSettings } from './channel/channel-vault.js';
import type { ChannelSettings } from './channel/settings.rules.js';
import { JobWorker, prepareJobQueue } from './job/index.js';
import { MIGRATIONS } from './migrations/index.js';
import type { AddressPolicy } from './notification/address-guard.js';
import { DEFAULT_RETRIES, type RetryPolicy } from './notification/breaker.js';
import { DeliveryStore } from './notification/delivery.store.js';
import { Outbound } from './notification/outbound.js';
import type { Transport } from './notification/outcome.js';
import { Planner } from './notification/planner.js';
import { RecipientStore } from './notification/recipient.store.js';
import { Sender } from './notification/sender.js';
import type { UserDirectory } from './notification/user-directory.js';
import { Periodic } from './periodic.js';
import { ensurePushIdentity } from './push/push-identity.js';
import { emailTransport } from './transport/email.js';
import { slackTransport } from './transport/slack.js';
import { smsTransport } from './transport/sms.js';
import { webPushTransport, type PushIdentity } from './transport/web-push.js';
import { webhookTransport } from './transport/webhook.js';

export interface AlertNotifierOptions {
  /** Connects as `alerts_migrator`; the notifier's own role follows from it. */
  databaseUrl: string;
  log: Log;
  /** As the api's: opens what that sealed. */
  dataKeys?: readonly string[];
  /** Null: e-mail channels are told that none is configured. Closed by whoever made it. */
  mailer: Mailer | null;
  /** Where people open the dashboard; links lead there. */
  publicUrl: string;
  users: UserDirectory;
  /** Default: refused. */
  addresses?: AddressPolicy;
  /** Default https://api.twilio.com. */
  twilioUrl?: string;
  retries?: Partial<RetryPolicy>;
  /** How long another system may take to answer, default 10 s. */
  answerDeadlineMs?: number;
  /** How exactly retries and digests keep their time, default 2 s; what is due now never waits for it. */
  pollMs?: number;
  clock?: () => number;
}

export interface AlertNotifier {
  start(): Promise<void>;
  /** Finishes the messages in hand, and cuts off those that hang. */
  stop(): Promise<void>;
  readonly checks: readonly HealthCheck[];
}

const CONCURRENCY = 20;
/** Of what is under way when the process is to end; what is cut off then counts as given no answer. */
const LAST_ANSWERS_MS = 3_000;
const PRUNE_EVERY_MS = 3_600_000;
const TESTS_KEPT_MS = 30 * 86_400_000;
const TWILIO_URL = 'https://api.twilio.com';

/** Role `notifier`: tells people and systems. Any number of them share the queue. */
export function createAlertNotifier(options: AlertNotifierOptions): AlertNotifier {
  const { databaseUrl, log, clock = Date.now, publicUrl, addresses = 'refuse-private' } = options;
  const pool = createPool({ databaseUrl, owner: 'alerts', kind: 'service', maxConnections: 12 }, (error) =>
    log.warn({ err: error }, 'An idle database connection broke'),
  );
  const outbound = new Outbound(addresses, options.answerDeadlineMs ?? 10_000);
  const prune = new Periodic(
    () => pruneTests(pool, clock() - TESTS_KEPT_MS),
    PRUNE_EVERY_MS,
    (error) => log.error({ err: error }, 'Pruning tests of channels failed; the next round tries again'),
  );
  let worker: JobWorker | undefined;
  let sender: Sender | undefined;

  return {
    async start() {
      await migrate(databaseUrl, 'alerts', MIGRATIONS, () => prepareJobQueue(databaseUrl));
      const sealer = await createSealer({ databaseUrl, owner: 'alerts', secrets: options.dataKeys ?? [] });
      const subject = publicUrl.startsWith('https:') ? publicUrl : 'mailto:alerts@localhost';
      const identity = await ensurePushIdentity(pool, sealer, subject);
      const recipients = new RecipientStore(pool, sealer, clock);
      const transports = { ...options, outbound, identity, recipients };
      const sending = new Sender({
        store: new DeliveryStore(pool),
        optOuts: recipients,
        retries: { ...DEFAULT_RETRIES, ...options.retries },
        open: (channel) => {
          const settings = wholeSettings(sealer, channel);
          return { settings, send: transportOf(settings, transports) };
        },
        publicUrl,
        clock,
        log,
      });
      sender = sending;
      const planner = new Planner(pool, options.users, clock);
      worker = new JobWorker({
        pool,
        tasks: { plan: (payload) => planner.plan(payload), send: (payload) => sending.send(payload) },
        concurrency: CONCURRENCY,
        pollMs: options.pollMs ?? 2_000,
        log,
      });
      await worker.start();
      prune.start();
    },
    async stop() {
      await prune.stop();
      sender?.stop();
      const cutOff = setTimeout(() => void outbound.close(), LAST_ANSWERS_MS);
      await worker?.stop();
      clearTimeout(cutOff);
      await outbound.close();
      await pool.end();
    },
    checks: [{ name: 'postgres', check: async () => void (await pool.query('select 1')) }],
  };
}

interface Transports {
  outbound: Outbound;
  mailer: Mailer | null;
  publicUrl: string;
  twilioUrl?: string;
  identity: PushIdentity;
  recipients: RecipientStore;
}

function transportOf(settings: ChannelSettings, { outbound, mailer, publicUrl, twilioUrl, identity, recipients }: Transports): Transport {
  switch (settings.kind) {
    case 'EMAIL':
      return mailer ? emailTransport(mailer, new URL(publicUrl).hostname) : noMailServer;
    case 'SMS':
      return smsTransport(outbound, twilioUrl ?? TWILIO_URL, settings);
    case 'WEBHOOK':
      return webhookTransport(outbound, settings);
    case 'SLACK':
      return slackTransport(outbound, settings);
    case 'WEB_PUSH':
      return webPushTransport(outbound, identity, (recipient) => recipients.pushTarget(recipient));
  }
}

const noMailServer: Transport = () => Promise.resolve({ outcome: 'REFUSED', detail: 'No mail server is configured: set MAIL_URL.' });

/** Deliveries of alerts go with their alerts. */
async function pruneTests(pool: { query(text: string, values: unknown[]): Promise<unknown> }, beforeMs: number): Promise<void> {
  await pool.query('delete from notification_delivery where alert_id is null and requested_at < $1', [new Date(beforeMs)]);
}
