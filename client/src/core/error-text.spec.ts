import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import { ERROR_CODES } from '@pulsegraph/contracts';
import { errorText } from './error-text';
import { RequestFailed } from './faults';

const refused = (code: string, message = '', extensions = {}): unknown =>
  new CombinedGraphQLErrors({ errors: [{ message, extensions: { code, ...extensions } }] });

describe('errorText', () => {
  it.each(Object.keys(ERROR_CODES))('says %s in a sentence, without the code', (code) => {
    const text = errorText(refused(code));
    expect(text).toMatch(/^[A-Z].{10,}[.)]$/);
    expect(text).not.toContain(code);
  });

  it("lets the server's own words name what was wrong with the input", () => {
    expect(errorText(refused('BAD_USER_INPUT', 'input.key: must not be empty.'))).toBe('input.key: must not be empty.');
  });

  it('names the field that was wrong as people read it', () => {
    const text = errorText(refused('BAD_USER_INPUT', 'input.any.0.clearAfter: must not be negative', { path: 'input.any.0.clearAfter' }));
    expect(text).toBe('Clear after: must not be negative');
  });

  it('says what is wrong with a password without the path it came with', () => {
    const text = errorText(refused('BAD_USER_INPUT', 'next: must have at least 12 characters', { path: 'next', reason: 'TOO_SHORT' }));
    expect(text).toBe('The password needs at least 12 characters.');
  });

  it('prefers what the place knows to what the code says', () => {
    expect(errorText(refused('INVALID_CREDENTIALS'), { INVALID_CREDENTIALS: 'Wrong digits.' })).toBe('Wrong digits.');
  });

  it('says how long to wait', () => {
    expect(errorText(refused('ACCOUNT_LOCKED', '', { retryAfterMs: 29_500 }))).toContain('(30 s)');
  });

  it('reads GraphQL errors from an answer with another status than 200', () => {
    const body = JSON.stringify({ errors: [{ message: 'x', extensions: { code: 'UNAUTHENTICATED' } }] });
    const error = new ServerError('401', { response: new Response(body, { status: 401 }), bodyText: body });
    expect(errorText(error)).toBe('You are signed out. Sign in again.');
  });

  it('says that nobody answers when nobody does', () => {
    const silence = 'A part of the platform does not answer. Try again shortly.';
    expect(errorText(new TypeError('Failed to fetch'))).toBe(silence);
    expect(errorText(new RequestFailed([{ code: 'SERVICE_UNAVAILABLE', message: 'HTTP 502' }]))).toBe(silence);
  });
});
