import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type LogRecord } from '@pulsegraph/contracts';
import type { Message, Producer } from 'kafkajs';
import type { Log } from '../../log/index.js';

const MAX_SEND_RECORDS = 5_000;
/** Well below the megabyte that a broker takes as one batch by default. */
const MAX_SEND_CHARACTERS = 512 * 1024;
const RETRY_PAUSE_MS = 200;
const ALL_REPLICAS = -1;

interface Piece {
  messages: Message[];
  characters: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * One send at a time: what is appended meanwhile collects for the next. Two under way could come to lie in the other
 * order when the first has to be repeated.
 */
export class ProducerQueue {
  private waiting: Piece[] = [];
  private sending = false;
  private closed: Error | null = null;
  /** Characters that no broker has confirmed yet. */
  pendingCharacters = 0;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
    private readonly log: Log | undefined,
  ) {}

  append(records: readonly LogRecord[]): Promise<void> {
    let characters = 0;
    const messages = records.map((record) => {
      const value = JSON.stringify(record);
      characters += value.length;
      return { key: partitionKey(record), value };
    });
    this.pendingCharacters += characters;
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, characters, resolve, reject });
      if (!this.sending) void this.sendAll();
    });
  }

  /** Who still waits has had no answer, and will send again. */
  close(error: Error): void {
    this.closed = error;
    this.settle(this.waiting.splice(0), error);
  }

  private async sendAll(): Promise<void> {
    this.sending = true;
    // Appends of the same turn of the event loop travel together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const pieces = this.take();
      this.settle(pieces, await this.send(pieces));
    }
    this.sending = false;
  }

  private take(): Piece[] {
    let records = 0;
    let characters = 0;
    let end = 0;
    for (const piece of this.waiting) {
      records += piece.messages.length;
      characters += piece.characters;
      if (end > 0 && (records > MAX_SEND_RECORDS || characters > MAX_SEND_CHARACTERS)) break;
      end++;
    }
    return this.waiting.splice(0, end);
  }

  /** Until Kafka has all of it, however long it is away: then some of it may be there twice, as "at least once" allows. */
  private async send(pieces: readonly Piece[]): Promise<Error | null> {
    const messages = pieces.flatMap((piece) => piece.messages);
    for (;;) {
      if (this.closed) return this.closed;
      try {
        await this.producer.send({ topic: this.topic, acks: ALL_REPLICAS, messages });
        return null;
      } catch (error) {
        if (!this.closed) this.log?.warn({ err: error, records: messages.length }, 'Appending to the event log failed; trying again');
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  private settle(pieces: readonly Piece[], error: Error | null): void {
    for (const piece of pieces) {
      this.pendingCharacters -= piece.characters;
      if (error) piece.reject(error);
      else piece.resolve();
    }
  }
}
