import { destinationOf, newSigningSecret, settingsOf } from './channel-settings';

const form = (fields: Record<string, string>): FormData => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};

describe('the settings of a channel', () => {
  it('take several addresses, one a line or parted by commas', () => {
    expect(settingsOf(form({ to: 'a@b.test\n c@d.test, e@f.test' }), 'EMAIL', {}).to).toEqual(['a@b.test', 'c@d.test', 'e@f.test']);
  });

  it('leave a secret out that was not typed, so that the one there is stays', () => {
    const kept = { url: 'https://x.test/hook', secret: '••••••••' };
    expect(settingsOf(form({ url: 'https://x.test/hook', secret: '' }), 'WEBHOOK', kept)).toEqual({
      url: 'https://x.test/hook',
      notifyResolved: false,
    });
  });

  it('keep what the form does not ask about, and let go of what was emptied', () => {
    const kept = { template: { title: '{severity}' }, groupSeconds: 60, quietHours: { from: '22:00', to: '06:00', timeZone: 'UTC' } };
    expect(settingsOf(form({ groupSeconds: '', quietFrom: '', quietTo: '' }), 'SLACK', kept)).toEqual({
      template: { title: '{severity}' },
      notifyResolved: false,
    });
  });

  it('sign with at least as many bytes as Standard Webhooks asks for', () => {
    const [, base64] = /^whsec_(.+)$/.exec(newSigningSecret())!;
    expect(atob(base64!)).toHaveLength(32);
    expect(destinationOf({ url: 'https://hooks.example/a/b' })).toBe('hooks.example');
  });
});
