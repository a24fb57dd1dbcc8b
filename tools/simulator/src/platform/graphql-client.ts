/** The platform as an outsider reaches it: GraphQL over HTTP with an access token. */
export class PlatformClient {
  private accessToken: string | undefined;
  private renewAtMs = 0;

  constructor(
    private readonly url: string,
    private readonly account: { email: string; password: string },
  ) {}

  /** @throws Error with the platform's own sentence and code. */
  async request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    if (Date.now() > this.renewAtMs) await this.signIn();
    return this.send<T>(query, variables, { authorization: `Bearer ${this.accessToken}` });
  }

  private async signIn(): Promise<void> {
    const { signIn } = await this.send<{ signIn: { accessToken: string; accessTokenExpiresAt: string } }>(
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { accessToken accessTokenExpiresAt } }',
      this.account,
      {},
    );
    this.accessToken = signIn.accessToken;
    this.renewAtMs = Date.parse(signIn.accessTokenExpiresAt) - 30_000;
  }

  private async send<T>(query: string, variables: Record<string, unknown>, headers: Record<string, string>): Promise<T> {
    const response = await fetch(new URL('/graphql', this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    }).catch((error: unknown) => {
      throw new Error(`Nothing answers at ${this.url}; is Pulsegraph running? (${String((error as Error).message)})`);
    });
    const body = (await response.json()) as { data?: T; errors?: { message: string; extensions?: { code?: string } }[] };
    const [error] = body.errors ?? [];
    if (error) throw new Error(`${error.extensions?.code ?? 'ERROR'}: ${error.message}`);
    return body.data as T;
  }
}
