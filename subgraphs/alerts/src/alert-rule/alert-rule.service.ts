import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { EntityManager } from 'typeorm';
import { changeOpenAlerts } from '../alert-change/change-open-alerts.js';
import { recordTransitions, type Transition } from '../alert-change/record-transitions.js';
import type { Announcer } from '../announce.js';
import { sqlOfManager } from '../sql.js';
import { AlertRule } from './alert-rule.entity.js';
import type { AlertRuleRepository } from './alert-rule.repository.js';
import { parseRule } from './rule.rules.js';

export class AlertRuleService {
  constructor(
    private readonly rules: AlertRuleRepository,
    private readonly registry: RegistryProjection,
    private readonly announcer: Announcer,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws BAD_USER_INPUT with the path; NOT_FOUND for a device, profile or asset the organization does not have. */
  async create(viewer: Viewer, input: unknown): Promise<AlertRule> {
    requireSubject(viewer);
    const { organizationId } = viewer;
    const draft = parseRule(input, organizationId, this.registry, this.now());
    const at = new Date(this.now());
    const rule = Object.assign(new AlertRule(), {
      ...draft,
      id: randomUUID(),
      organizationId,
      origin: 'USER',
      version: 1,
      armed: 0,
      createdAt: at,
      updatedAt: at,
      deletedAt: null,
      deletedByUser: false,
    });
    await this.rules.within(organizationId, async (manager) => {
      await this.rules.requirePolicy(manager, rule.escalationPolicyId);
      await manager.insert(AlertRule, rule);
    });
    this.announcer.rules();
    return rule;
  }

  /** A rule that came from a profile is the user's from here on. @throws CONFLICT when `expectedVersion` is stale. */
  update(viewer: Viewer, id: string, input: unknown, expectedVersion: number): Promise<AlertRule> {
    const draft = parseRule(input, viewer.organizationId, this.registry, this.now());
    return this.change(viewer, id, async (rule, manager, transitions) => {
      if (rule.version !== expectedVersion) {
        throw errors.conflict('Somebody changed this rule in the meantime.', { expectedVersion, version: rule.version });
      }
      await this.rules.requirePolicy(manager, draft.escalationPolicyId);
      const { severity, enabled } = rule;
      Object.assign(rule, draft, { origin: 'USER' });
      if (rule.enabled && !enabled) rule.armed++;
      const by = { by: authorOf(viewer), note: 'The rule was changed.' };
      if (!rule.enabled && enabled) transitions.push(...(await this.resolveOpen(manager, rule, by)));
      else if (severity !== rule.severity) {
        transitions.push(...(await changeOpenAlerts(sqlOfManager(manager), rule.id, { to: rule.severity }, by)));
      }
    });
  }

  /** Disabling resolves the rule's open alerts: nobody will find out any more whether they still hold. */
  setEnabled(viewer: Viewer, id: string, enabled: boolean): Promise<AlertRule> {
    return this.change(viewer, id, async (rule, manager, transitions) => {
      if (enabled && !rule.enabled) rule.armed++;
      if (!enabled && rule.enabled) {
        transitions.push(...(await this.resolveOpen(manager, rule, { by: authorOf(viewer), note: 'The rule was disabled.' })));
      }
      rule.enabled = enabled;
    });
  }

  async delete(viewer: Viewer, id: string): Promise<string> {
    await this.change(viewer, id, async (rule, manager, transitions) => {
      Object.assign(rule, { deletedAt: new Date(this.now()), deletedByUser: true });
      transitions.push(...(await this.resolveOpen(manager, rule, { by: authorOf(viewer), note: 'The rule was deleted.' })));
    });
    return id;
  }

  private resolveOpen(manager: EntityManager, rule: AlertRule, why: Pick<Transition, 'by' | 'note'>): Promise<Transition[]> {
    return changeOpenAlerts(sqlOfManager(manager), rule.id, { to: 'RESOLVED', atMs: this.now() }, why);
  }

  private async change(
    viewer: Viewer,
    id: string,
    apply: (rule: AlertRule, manager: EntityManager, transitions: Transition[]) => Promise<void>,
  ): Promise<AlertRule> {
    requireSubject(viewer);
    const { organizationId } = viewer;
    const transitions: Transition[] = [];
    const { rule, seq } = await this.rules.within(organizationId, async (manager) => {
      const locked = await this.rules.lock(manager, id);
      await apply(locked, manager, transitions);
      Object.assign(locked, { version: locked.version + 1, updatedAt: new Date(this.now()) });
      await manager.save(AlertRule, locked);
      const newest = transitions.length > 0 ? await recordTransitions(sqlOfManager(manager), organizationId, this.now(), transitions) : 0;
      return { rule: locked, seq: newest };
    });
    this.announcer.rules();
    const kinds = transitions.map(({ transition }) => transition);
    if (kinds.length > 0) this.announcer.changes(organizationId, seq, kinds);
    return rule;
  }
}

const authorOf = ({ subject }: Viewer): Transition['by'] =>
  subject && { id: subject.kind === 'USER' ? subject.id : null, name: subject.name };
