import { z } from 'zod';
import { readText } from '../payload.js';
import type { RefusedPart } from '../raw-reading.js';
import type { DeviceEvent } from '../dialect.js';
import { short } from '../refusal.js';

const mergePatch = z.record(z.string(), z.unknown());
const commandResult = z.object({ status: z.enum(['ACCEPTED', 'SUCCEEDED', 'FAILED']), result: z.unknown().optional() });
const firmwareProgress = z.object({
  version: z.string().min(1).max(128),
  state: z.string().min(1).max(64),
  percent: z.number().min(0).max(100).nullish(),
});

export type EventTopic = { kind: 'status' | 'twin-reported' | 'firmware-progress' } | { kind: 'command-result'; commandId: string };

/** What a device says about itself. These come rarely: clarity before speed. */
export function decodeDeviceEvent(topic: EventTopic, payload: Uint8Array): DeviceEvent | RefusedPart {
  const text = readText(payload);
  if (typeof text !== 'string') return text;
  if (topic.kind === 'status') {
    if (text === 'online' || text === 'offline') return { event: 'status', online: text === 'online' };
    return refuse(text, `A status is "online" or "offline", not "${short(text)}".`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return refuse(text, short(`Not JSON: ${(error as Error).message}.`, 200));
  }
  switch (topic.kind) {
    case 'twin-reported': {
      const patch = mergePatch.safeParse(document);
      return patch.success ? { event: 'twin-reported', patch: document } : refuse(text, wrong(patch.error));
    }
    case 'command-result': {
      const parsed = commandResult.safeParse(document);
      if (!parsed.success) return refuse(text, wrong(parsed.error));
      return { event: 'command-result', commandId: topic.commandId, status: parsed.data.status, result: parsed.data.result ?? null };
    }
    case 'firmware-progress': {
      const parsed = firmwareProgress.safeParse(document);
      if (!parsed.success) return refuse(text, wrong(parsed.error));
      const { version, state, percent } = parsed.data;
      return { event: 'firmware-progress', version, state, percent: percent ?? null };
    }
  }
}

function refuse(payload: string, detail: string): RefusedPart {
  return { index: 0, reason: 'MALFORMED', detail, payload, encoding: 'UTF8' };
}

function wrong(error: z.ZodError): string {
  const [issue] = error.issues;
  return short(`${issue?.path.join('.') || 'The payload'}: ${issue?.message ?? 'not as expected'}.`, 200);
}
