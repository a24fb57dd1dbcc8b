import { ALL_CASES, ours, runOnKnown } from '@pulsegraph/conformance';

// The same cases that docs/reference/subscription-conformance.md compares gateways by; needs the built gateway.
it('our gateway passes every case of the subscription conformance suite', async () => {
  const report = await runOnKnown(ours(process.env), { deadlineMs: 30_000 });
  const others = report.cases.filter(({ verdict }) => verdict !== 'pass');
  expect(others.map(({ id, verdict, evidence }) => `${verdict} ${id}: ${evidence}`)).toEqual([]);
  expect(report.cases.map(({ id }) => id)).toEqual(ALL_CASES.map(({ id }) => id));
}, 300_000);
