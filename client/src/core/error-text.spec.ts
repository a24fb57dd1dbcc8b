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
