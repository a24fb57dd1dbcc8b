import DataLoader from 'dataloader';
import type { Page } from '@pulsegraph/kit/pagination';
import { groupBy } from '../group-by.js';
import type { AlertEvent } from './alert-event.entity.js';
import type { AlertFilter } from './alert-filter.js';
import type { Alert } from './alert.entity.js';
import type { AlertRepository, OpenGroup } from './alert.repository.js';

/** A page of the alerts of one device or patient; equal questions about many are one statement. */
export interface AlertsOf {
  by: 'deviceId' | 'patientId';
  id: string;
  filter: AlertFilter;
  page: Page;
}

export interface AlertLoaders {
  alert: DataLoader<string, Alert | null>;
  history: DataLoader<string, AlertEvent[]>;
  alertsOf: DataLoader<AlertsOf, Alert[], string>;
  /** One statement for all who ask at once. */
  openGroups: () => Promise<OpenGroup[]>;
}

/**
 * Per operation, and batching only: the operation may be a subscription, which lives for days, and what a cache holds then
 * is neither fresh nor bounded.
 */
export function createAlertLoaders(alerts: AlertRepository, organizationId: string): AlertLoaders {
  const groups = new DataLoader<string, OpenGroup[]>(
    async (questions) => {
      const answer = await alerts.openGroups(organizationId);
      return questions.map(() => answer);
    },
    { cache: false },
  );
  return {
    alert: new DataLoader<string, Alert | null>(
      async (ids) => {
        const byId = new Map((await alerts.findByIds(organizationId, ids)).map((alert) => [alert.id, alert]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    ),
    history: new DataLoader<string, AlertEvent[]>(
      async (alertIds) => {
        const byAlert = groupBy(await alerts.historyOf(organizationId, alertIds), ({ alertId }) => alertId);
        return alertIds.map((id) => byAlert.get(id) ?? []);
      },
      { cache: false },
    ),
    alertsOf: new DataLoader<AlertsOf, Alert[], string>((questions) => answerTogether(alerts, organizationId, questions), { cache: false }),
    openGroups: () => groups.load('open'),
  };
}

async function answerTogether(alerts: AlertRepository, organizationId: string, questions: readonly AlertsOf[]): Promise<Alert[][]> {
  const answers = new Map<AlertsOf, Alert[]>();
  const same = groupBy(questions, ({ by, filter, page }) => JSON.stringify([by, filter, page]));
  await Promise.all(
    [...same.values()].map(async (group) => {
      const { by, filter, page } = group[0]!;
      const ids = group.map(({ id }) => id);
      const found = groupBy(await alerts.findNewestOfEach(organizationId, filter, by, ids, page), (alert) => alert[by]);
      for (const question of group) answers.set(question, found.get(question.id) ?? []);
    }),
  );
  return questions.map((question) => answers.get(question)!);
}
