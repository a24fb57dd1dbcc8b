import type { Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { Organization } from '../organization/organization.entity.js';
import { Preferences } from './preferences.entity.js';

const changes = z.object({
  theme: z.enum(['SYSTEM', 'LIGHT', 'DARK']).nullish(),
  locale: z.string().max(35).refine(isLocale, 'is no language tag such as en-GB').nullish(),
  timeZone: z.string().max(64).refine(isTimeZone, 'is no time zone such as Europe/Berlin').nullish(),
  alertSound: z.boolean().nullish(),
});
export type PreferencesChanges = z.input<typeof changes>;

/** How one person wants the dashboard, on whatever machine. */
export class PreferencesService {
  constructor(private readonly api: DataSource) {}

  /** @throws BAD_USER_INPUT; FORBIDDEN for API keys, which have no preferences of their own. */
  async update(viewer: Viewer | null, input: PreferencesChanges, requestId: string): Promise<void> {
    if (!viewer) throw errors.unauthenticated();
    const subject = requireSubject(viewer);
    if (subject.kind !== 'USER') throw errors.forbidden();
    const { theme, locale, timeZone, alertSound } = parseInput(changes, input);
    await inOrganization(
      this.api,
      viewer.organizationId,
      async (manager) => {
        const present = await preferencesOf(manager, viewer.organizationId, subject.id);
        const next: Preferences = {
          ...present,
          theme: theme ?? present.theme,
          locale: locale ?? present.locale,
          timeZone: timeZone ?? present.timeZone,
          alertSound: alertSound ?? present.alertSound,
        };
        await manager.upsert(Preferences, next, ['userId']);
      },
      requestId,
    );
  }
}

/** What was chosen, or what holds until somebody chooses. */
export async function preferencesOf(manager: EntityManager, organizationId: string, userId: string | null): Promise<Preferences> {
  const chosen = userId ? await manager.findOneBy(Preferences, { userId }) : null;
  if (chosen) return chosen;
  const { timeZone } = await manager.findOneByOrFail(Organization, { id: organizationId });
  return { userId: userId ?? '', organizationId, theme: 'SYSTEM', locale: 'en', timeZone, alertSound: true };
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}
