import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { requireSubject } from '@pulsegraph/kit/viewer';
import { checkFilter, type AlertFilter } from '../alert/alert-filter.js';
import type { Announcer } from '../announce.js';
import { Silence, type SilenceFilter } from './silence.entity.js';
import type { SilenceRepository } from './silence.repository.js';

const MAX_REASON_LENGTH = 500;
const LONGEST_MS = 366 * 86_400_000;

export interface SilenceDraft {
  filter: AlertFilter;
  from?: Date | null;
  to: Date;
  reason: string;
}

export class SilenceService {
  constructor(
    private readonly silences: SilenceRepository,
    private readonly registry: RegistryProjection,
    private readonly announcer: Announcer,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws BAD_USER_INPUT with the path; NOT_FOUND for ids of nobody or of another organization. */
  async create(viewer: Viewer, draft: SilenceDraft): Promise<Silence> {
    const subject = requireSubject(viewer);
    const now = new Date(this.now());
    const filter = checkedFilter(draft.filter);
    checkFilter(filter, viewer, this.registry);
    const startsAt = draft.from ?? now;
    if (draft.to <= startsAt) throw errors.badUserInput('input.to', 'must lie after its beginning');
    if (draft.to <= now) throw errors.badUserInput('input.to', 'has passed already');
    if (draft.to.getTime() - startsAt.getTime() > LONGEST_MS)
      throw errors.badUserInput('input.to', 'must lie within a year of its beginning');
    const silence = Object.assign(new Silence(), {
      id: randomUUID(),
      organizationId: viewer.organizationId,
      filter,
      startsAt,
      endsAt: draft.to,
      reason: checkedReason(draft.reason),
      createdById: subject.kind === 'USER' ? subject.id : null,
      createdByName: subject.name,
      createdAt: now,
    });
    await this.silences.insert(silence);
    this.announcer.silences();
    return silence;
  }

  /** Ends it now; ending it again changes nothing. @throws NOT_FOUND */
  async end(viewer: Viewer, id: string): Promise<Silence> {
    requireSubject(viewer);
    const silence = await this.silences.end(viewer.organizationId, id, new Date(this.now()));
    this.announcer.silences();
    return silence;
  }
}

function checkedFilter({ statuses, raisedFrom, raisedTo, ...rest }: AlertFilter): SilenceFilter {
  if (statuses) throw errors.badUserInput('input.filter.statuses', 'is no part of a silence: it holds whatever the state of an alert');
  if (raisedFrom || raisedTo) throw errors.badUserInput('input.filter.raisedFrom', 'is no part of a silence: use from and to');
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null));
  if (Object.keys(set).length === 0)
    throw errors.badUserInput('input.filter', 'must name something: an empty filter would silence everything');
  return set;
}

function checkedReason(reason: string): string {
  const text = reason.trim();
  if (text === '') throw errors.badUserInput('input.reason', 'must not be empty');
  if (text.length > MAX_REASON_LENGTH) throw errors.badUserInput('input.reason', `must have at most ${MAX_REASON_LENGTH} characters`);
  return text;
}
