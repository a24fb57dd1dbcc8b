import fc from 'fast-check';
import { checkDocument, formatDocument, parseDocument, type RulesDocument } from '../document.js';
import { describePlan } from './describe.js';
import { planChanges, type Plan } from './plan.js';

const name = fc.constantFrom('Night shift', 'On call', 'Plant', 'a.b', '0', 'ö');
const duration = fc.integer({ min: 0, max: 200_000 }).map((seconds) => `PT${seconds}S`);
const severity = fc.constantFrom('CRITICAL', 'HIGH', 'MEDIUM', 'LOW');
const byName = <T>(of: (each: string) => fc.Arbitrary<T>) =>
  fc.uniqueArray(name, { maxLength: 4 }).chain((names) => fc.tuple(...names.map(of)) as fc.Arbitrary<T[]>);

const channels = byName((each) =>
  fc.record({
    name: fc.constant(each),
    // The kind of a channel cannot change, hence belongs to its name here.
    kind: fc.constant(each.length % 2 ? 'EMAIL' : 'WEB_PUSH'),
    enabled: fc.boolean(),
    minSeverity: severity,
    settings: fc.dictionary(fc.constantFrom('to', 'groupSeconds', 'template'), fc.jsonValue({ maxDepth: 2 })),
  }),
);
const plain = fc.oneof(
  fc.record({ threshold: fc.record({ metric: name, above: fc.integer(), for: duration }, { requiredKeys: ['metric'] }) }),
  fc.record({ offline: fc.record({ after: duration }, { requiredKeys: [] }) }),
  fc.record({ earlyWarningScore: fc.record({ score: fc.integer({ min: 1, max: 20 }) }, { requiredKeys: [] }) }),
);
const condition = fc.oneof(plain, fc.record({ all: fc.array(plain, { minLength: 2, maxLength: 3 }) }));
const target = fc.oneof(
  fc.record({ devices: fc.array(name, { minLength: 1 }) }),
  fc.record({ asset: fc.array(name, { minLength: 1 }), labels: fc.dictionary(name, name) }),
);
const rules = (policies: string[]) =>
  byName((each) =>
    fc.record(
      {
        name: fc.constant(each),
        enabled: fc.boolean(),
        severity,
        target,
        condition,
        ...(policies.length > 0 && { escalationPolicy: fc.constantFrom(...policies) }),
      },
      { requiredKeys: ['name', 'severity', 'target', 'condition'] },
    ),
  );

const documents = channels.chain((given) => {
  const names = given.map((channel) => channel.name);
  const steps = fc.array(fc.record({ after: duration, channels: names.length ? fc.subarray(names) : fc.constant([]) }), { minLength: 1 });
  return byName((each) => fc.record({ name: fc.constant(each), steps })).chain((policies) =>
    rules(policies.map((policy) => policy.name)).map((some) => checkDocument({ version: 1, channels: given, policies, rules: some })),
  );
});

/** What the platform does with a plan. */
function carryOut({ changes }: Plan, live: RulesDocument): RulesDocument {
  const maps = { channel: mapOf(live.channels), policy: mapOf(live.policies), rule: mapOf(live.rules) };
  for (const change of changes) {
    if (change.action === 'delete') maps[change.kind].delete(change.name);
    else (maps[change.kind] as Map<string, unknown>).set(change.name, change.after);
    for (const { steps } of maps.policy.values()) {
      for (const used of steps.flatMap((step) => step.channels)) expect(maps.channel.has(used)).toBe(true);
    }
  }
  return { version: 1, channels: [...maps.channel.values()], policies: [...maps.policy.values()], rules: [...maps.rule.values()] };
}
const mapOf = <T extends { name: string }>(all: T[]) => new Map(all.map((each) => [each.name, each]));

const propertyOptions = { seed: 6, numRuns: 60 };

describe('a plan', () => {
  it('carried out, makes an installation what the file says, and never leaves a policy without its channels', () => {
    fc.assert(
      fc.property(documents, documents, (live, wanted) => {
        const after = carryOut(planChanges(live, wanted, { prune: true }), live);
        // Policies cannot be deleted: those the file does not name stay, with the channels they use.
        const stays = after.policies.filter((policy) => !wanted.policies.some((each) => each.name === policy.name));
        const used = new Set(stays.flatMap(({ steps }) => steps.flatMap((step) => step.channels)));
        const keptChannels = live.channels.filter((each) => used.has(each.name) && !mapOf(wanted.channels).has(each.name));
        const expected = {
          ...wanted,
          channels: [...wanted.channels, ...keptChannels],
          policies: [...wanted.policies, ...stays],
        };
        expect(formatDocument(after)).toBe(formatDocument(expected));
        expect(planChanges(after, wanted, { prune: true }).changes).toEqual([]);
      }),
      propertyOptions,
    );
  });

  it('without pruning deletes nothing', () => {
    fc.assert(
      fc.property(documents, documents, (live, wanted) => {
        expect(planChanges(live, wanted).changes.filter(({ action }) => action === 'delete')).toEqual([]);
      }),
      propertyOptions,
    );
  });

  it('is empty for a file just exported, whatever it holds', () => {
    fc.assert(
      fc.property(documents, (live) => {
        const read = parseDocument(formatDocument(live), {});
        expect(planChanges(live, read, { prune: true })).toEqual({ changes: [], kept: [] });
      }),
      propertyOptions,
    );
  });
});

describe('a file of rules', () => {
  const channel = (settings: object) => ({ name: 'Chat', kind: 'SLACK', settings });
  const document = (content: object) => checkDocument({ version: 1, ...content });
  const rule = {
    name: 'Hot',
    severity: 'HIGH',
    target: { profile: 'pump' },
    condition: { threshold: { metric: 'temperature', above: 80 } },
  };

  it('may leave defaults out and spell durations its own way without that being a difference', () => {
    const short = document({ rules: [{ ...rule, condition: { threshold: { metric: 'temperature', above: 80, for: 'PT90S' } } }] });
    const long = document({
      rules: [
        {
          ...rule,
          enabled: true,
          condition: { threshold: { metric: 'temperature', above: 80, below: null, for: 'PT1M30S', hysteresis: 0, clearAfter: 'PT0M' } },
        },
      ],
    });
    expect(planChanges(long, short).changes).toEqual([]);
  });

  it('takes secrets from the environment, and neither compares nor shows them', () => {
    const live = document({ channels: [channel({ groupSeconds: 5 })] });
    const text = formatDocument(document({ channels: [channel({ groupSeconds: 9, url: '${SLACK_URL}' })] }));
    const wanted = parseDocument(text, { SLACK_URL: 'https://hooks.example/secret' });
    expect(wanted.channels[0]!.settings.url).toBe('https://hooks.example/secret');
    const plan = planChanges(live, wanted, { secrets: new Map([['Chat', ['url']]]) });
    expect(describePlan(plan)).toEqual([
      '~ update channel "Chat"',
      '    settings.groupSeconds: 5 → 9',
      '0 to create, 1 to update, 0 to delete.',
    ]);
    expect(describePlan(planChanges(document({}), wanted)).join()).not.toContain('secret');
    expect(parseDocument(text, {}).channels[0]!.settings).toEqual({ groupSeconds: 9 });
  });

  it.each([
    ['two rules of one name', { rules: [rule, rule] }, 'Two rules are called "Hot"'],
    ['a field it does not know', { rules: [{ ...rule, severty: 'LOW' }] }, 'severty'],
    ['an empty target', { rules: [{ ...rule, target: {} }] }, 'rules.0.target: must name devices'],
    ['two conditions in one', { rules: [{ ...rule, condition: { ...rule.condition, offline: {} } }] }, 'exactly one kind'],
    ['no duration', { rules: [{ ...rule, condition: { offline: { after: '5 minutes' } } }] }, 'is no ISO 8601 duration'],
    ['another version', { version: 2 }, 'version'],
  ])('is refused with the place for %s', (_what, content, sentence) => {
    expect(() => document(content)).toThrow(sentence);
  });

  it.each([
    ['a policy', { rules: [{ ...rule, escalationPolicy: 'Nobody' }] }, 'Rule "Hot" names an escalation policy "Nobody"'],
    [
      'a channel',
      { policies: [{ name: 'All', steps: [{ after: 'PT0S', channels: ['Nowhere'] }] }] },
      'Policy "All" names a channel "Nowhere"',
    ],
    ['a channel of another kind', { channels: [{ ...channel({}), kind: 'EMAIL' }] }, 'cannot become EMAIL'],
  ])('is refused when it asks for %s that cannot be', (_what, content, sentence) => {
    expect(() => planChanges(document({ channels: [channel({})] }), document(content))).toThrow(sentence);
  });
});
