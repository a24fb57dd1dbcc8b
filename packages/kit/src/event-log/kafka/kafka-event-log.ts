import type { ConsumerGroup } from '@pulsegraph/contracts';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import type { Log } from '../../log/index.js';
import { DEFAULT_MAX_BATCH_RECORDS, LogFullError, type EventLog, type LogConsumer } from '../event-log.js';
import { KafkaBacklog } from './backlog.js';
import { KafkaGroupConsumer } from './group-consumer.js';
import { ProducerQueue } from './producer-queue.js';

export interface KafkaEventLogOptions {
  /** `host:port` of one or more brokers; they name the rest. */
  brokers: readonly string[];
  /** Default `pulsegraph-log`. Made with the cluster's own defaults when it is missing. */
  topic?: string;
  /** What this process holds while Kafka is away; beyond it `append` rejects with LogFullError. Default 32 MiB. */
  maxPendingBytes?: number;
  /** Records that the slowest group may be behind; beyond it, too, LogFullError. The topic must keep more. Default 50 million. */
  maxBacklogRecords?: number;
  /** Groups that will come: their backlog counts from the first record. */
  groups?: readonly ConsumerGroup[];
  /** A process that says nothing for so long has lost its partitions. Default 10 s. */
  sessionMs?: number;
  log?: Log;
}

const FULL_RETRY_AFTER_MS = 1_000;
const PING_MS = 1_000;
/** A batch in hand may take so long before its partitions are given to others regardless. */
const REBALANCE_MS = 60_000;

/**
 * The log on Kafka: one message per record, keyed by device, acknowledged by all replicas in sync.
 * @throws Error in one sentence when no broker answers.
 */
export async function createKafkaEventLog({
  brokers,
  topic = 'pulsegraph-log',
  maxPendingBytes = 32 * 1024 ** 2,
  maxBacklogRecords = 50_000_000,
  groups = [],
  sessionMs = 10_000,
  log,
}: KafkaEventLogOptions): Promise<EventLog> {
  const kafka = new Kafka({
    clientId: 'pulsegraph',
    brokers: [...brokers],
    // Short: what must not be given up is tried again by its owner.
    retry: { initialRetryTime: 100, retries: 4 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log: { message, ...rest } }) =>
        log?.[level === logLevel.ERROR ? 'warn' : 'debug'](rest, message),
  });
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: true, idempotent: false, maxInFlightRequests: 1 });
  const partitions = await openTopic(admin, topic, brokers);
  await producer.connect();
  const queue = new ProducerQueue(producer, topic, log);
  const groupId = (group: ConsumerGroup) => `${topic}.${group}`;
  const backlog = new KafkaBacklog(admin, topic, groupId, groups, maxBacklogRecords);
  const consumers = new Set<LogConsumer>();
  let closed: Error | null = null;

  return {
    append: async (records) => {
      if (closed) throw closed;
      if (records.length === 0) return;
      if (queue.pendingCharacters > maxPendingBytes || backlog.isFull()) throw new LogFullError(FULL_RETRY_AFTER_MS);
      backlog.appended(records.length);
      await queue.append(records);
    },
    consume: async (group, handler, { maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS } = {}) => {
      if (closed) throw closed;
      const consumer = new KafkaGroupConsumer({
        consumer: kafka.consumer({
          groupId: groupId(group),
          sessionTimeout: sessionMs,
          heartbeatInterval: sessionMs / 10,
          rebalanceTimeout: REBALANCE_MS,
          maxWaitTimeInMs: 100,
          // Whatever goes wrong, somebody must read the log: it begins again, at the last offset committed.
          retry: { restartOnFailure: async () => !closed },
        }),
        topic,
        partitions,
        group,
        handler,
        maxBatchRecords,
        heartbeatMs: sessionMs / 5,
        log,
      });
      await consumer.start();
      consumers.add(consumer);
      return {
        stop: async () => {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    backlog: (group) => backlog.of(group),
    ping: () => answerOf(admin, topic),
    close: async () => {
      if (closed) return;
      closed = new Error('The event log is closed.');
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      queue.close(closed);
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    },
  };
}

/** @returns How many partitions it has. */
async function openTopic(admin: Admin, topic: string, brokers: readonly string[]): Promise<number> {
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.length;
  } catch (error) {
    await admin.disconnect();
    throw new Error(`No Kafka broker at ${brokers.join(', ')} (KAFKA_BROKERS) offers the topic ${topic}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function answerOf(admin: Admin, topic: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Kafka did not answer within ${PING_MS} ms.`)), PING_MS);
  });
  try {
    await Promise.race([admin.fetchTopicMetadata({ topics: [topic] }), late]);
  } finally {
    clearTimeout(timer);
  }
}
