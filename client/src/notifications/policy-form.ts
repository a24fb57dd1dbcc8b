import { Component, effect, inject, input, output, signal, untracked } from '@angular/core';
import { Attempt } from '../core/attempt';
import { errorText } from '../core/error-text';
import { formOf, text } from '../core/form-values';
import { Graph } from '../core/graph';
import type { EscalationStepInput } from '../core/schema.generated';
import { Session } from '../core/session';
import { DurationField } from '../ui/duration-field';
import { Modal } from '../ui/modal';
import {
  ChannelChoicesDocument,
  PeopleChoicesDocument,
  SaveEscalationPolicyDocument,
  type ChannelChoicesQuery,
  type PolicyPartsFragment,
} from './policies.generated';

interface Step {
  after: string;
  channelIds: readonly string[];
  userIds: readonly string[];
}
const LATER = 'PT5M';

@Component({
  selector: 'pg-policy-form',
  imports: [DurationField, Modal],
  templateUrl: './policy-form.html',
  styleUrl: './policy-form.css',
})
export class PolicyForm {
  private readonly graph = inject(Graph);
  readonly policy = input.required<PolicyPartsFragment | null>();
  readonly saved = output<PolicyPartsFragment>();
  readonly closed = output();

  protected readonly attempt = new Attempt();
  protected readonly steps = signal<readonly Step[]>([]);
  protected readonly channels = signal<ChannelChoicesQuery['notificationChannels']['nodes']>([]);
  /** Those an administrator can name; for others, who is named already. */
  protected readonly people = signal<readonly { id: string; displayName: string }[]>([]);

  constructor() {
    const failed = (error: unknown): void => this.attempt.refusal.set(errorText(error));
    this.graph.query(ChannelChoicesDocument, {}).then(({ data }) => this.channels.set(data.notificationChannels.nodes), failed);
    if (inject(Session).may('users:manage')) {
      this.graph
        .query(PeopleChoicesDocument, {})
        .then(({ data }) => this.people.set(data.users.nodes.filter(({ active }) => active)), failed);
    }
    effect(() => {
      const policy = this.policy();
      untracked(() => {
        this.steps.set(policy ? policy.steps.map(stepOf) : [{ after: 'PT0S', channelIds: [], userIds: [] }]);
        const named = policy?.steps.flatMap(({ users }) => users.flatMap((user) => (user ? [user] : []))) ?? [];
        if (this.people().length === 0) this.people.set(named.filter(({ id }, i) => named.findIndex((other) => other.id === id) === i));
      });
    });
  }

  protected patch(index: number, fields: Partial<Step>): void {
    this.steps.update((steps) => steps.map((step, i) => (i === index ? { ...step, ...fields } : step)));
  }

  protected pick(index: number, list: 'channelIds' | 'userIds', id: string, wanted: boolean): void {
    const ids = this.steps()[index]?.[list] ?? [];
    this.patch(index, { [list]: wanted ? [...ids, id] : ids.filter((other) => other !== id) });
  }

  protected add(): void {
    this.steps.update((steps) => [...steps, { after: LATER, channelIds: [], userIds: [] }]);
  }

  protected remove(index: number): void {
    this.steps.update((steps) => steps.filter((_, i) => i !== index));
  }

  protected async submit(event: Event): Promise<void> {
    const name = text(formOf(event), 'name');
    const steps: EscalationStepInput[] = this.steps().map(({ after, channelIds, userIds }) => ({
      after,
      channelIds: [...channelIds],
      userIds: [...userIds],
    }));
    const variables = { id: this.policy()?.id ?? null, input: { name, steps } };
    await this.attempt.run(async () =>
      this.saved.emit((await this.graph.mutate(SaveEscalationPolicyDocument, variables)).saveEscalationPolicy),
    );
  }
}

function stepOf({ after, channels, users }: PolicyPartsFragment['steps'][number]): Step {
  return { after, channelIds: channels.map(({ id }) => id), userIds: users.flatMap((user) => (user ? [user.id] : [])) };
}
