import { silenceText } from './silence-text';

const names = new Map([
  ['d1', 'Press 1'],
  ['r1', 'Temperature above 85 °C'],
  ['a1', 'Hall A'],
]);
const nameOf = (id: string): string | undefined => names.get(id);

describe('a silence in words', () => {
  it.each([
    [{ deviceIds: ['d1'] }, 'Everything on Press 1'],
    [{ deviceIds: ['d1'], ruleId: 'r1' }, 'Alerts of the rule “Temperature above 85 °C” on Press 1'],
    [{ assetId: 'a1', severities: ['LOW', 'MEDIUM'] }, 'Low, medium alerts at Hall A'],
    [{ kinds: ['DEVICE_OFFLINE'], deviceIds: ['gone'] }, 'Alerts of the kind device offline on an unknown device'],
  ])('says what %j holds for', (filter, text) => {
    expect(silenceText(filter, nameOf)).toBe(text);
  });
});
