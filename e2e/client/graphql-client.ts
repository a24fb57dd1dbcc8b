import { createClient, type Client, type ExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface GraphQLFault {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; path?: string } & Record<string, unknown>;
}

export interface GraphQLAnswer<T> {
  data?: T | null;
  errors?: GraphQLFault[];
  extensions?: Record<string, unknown>;
}

/** Posts an operation as any third party would. */
export async function postGraphQL<T>(url: string, query: string, variables: object = {}, token?: string): Promise<GraphQLAnswer<T>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GraphQLAnswer<T>;
}

export interface LiveStream<T> {
  /** All that has arrived, in order. */
  readonly received: T[];
  readonly faults: GraphQLFault[];
  /** Resolves with the first that matches, arrived already or yet to come. */
  first(matches: (event: T) => boolean, timeoutMs?: number): Promise<T>;
  close(): void;
}

export class SignedInClient {
  private socket: Client | undefined;
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** Data, or a thrown error that shows codes. */
  async request<T>(query: string, variables: object = {}): Promise<T> {
    const answer = await this.answer<T>(query, variables);
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data as T;
  }

  answer<T>(query: string, variables: object = {}): Promise<GraphQLAnswer<T>> {
    return postGraphQL<T>(this.url, query, variables, this.token);
  }

  /** Code of the first error; undefined when there is none. */
  async code(query: string, variables: object = {}): Promise<string | undefined> {
    return (await this.answer(query, variables)).errors?.[0]?.extensions?.code;
  }

  subscribe<T>(query: string, variables: Record<string, unknown> = {}): LiveStream<T> {
    this.socket ??= connect(this.url, this.token);
    return openStream<T>(this.socket, query, variables);
  }

  async close(): Promise<void> {
    await this.socket?.dispose();
  }
}

export function connect(url: string, token?: string): Client {
  return createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    retryAttempts: 20,
    shouldRetry: () => true,
  });
}

export function openStream<T>(client: Client, query: string, variables: Record<string, unknown> = {}): LiveStream<T> {
  const received: T[] = [];
  const faults: GraphQLFault[] = [];
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((each) => each());
  const fault = (error: unknown) => {
    faults.push(
      ...(Array.isArray(error) ? (error as GraphQLFault[]) : [{ message: error instanceof Error ? error.message : JSON.stringify(error) }]),
    );
    wake();
  };
  const close = client.subscribe<T>(
    { query, variables },
    {
      next: (result: ExecutionResult<T>) => {
        if (result.errors) fault(result.errors);
        if (result.data) received.push(result.data);
        wake();
      },
      error: fault,
      complete: wake,
    },
  );
  return {
    received,
    faults,
    close,
    first: (matches, timeoutMs = 15_000) =>
      new Promise((resolve, reject) => {
        const done = () => (waiting.delete(look), clearTimeout(timer));
        const look = () => {
          const found = received.find(matches);
          if (found === undefined && faults.length === 0) return;
          done();
          if (found === undefined) reject(new Error(JSON.stringify(faults)));
          else resolve(found);
        };
        const timer = setTimeout(
          () => (done(), reject(new Error(`Nothing matched among ${JSON.stringify(received).slice(0, 2_000)}`))),
          timeoutMs,
        );
        waiting.add(look);
        look();
      }),
  };
}

export async function signIn(url: string, email: string, password: string): Promise<SignedInClient> {
  const { data, errors } = await postGraphQL<{ signIn: { accessToken: string } }>(
    url,
    'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { accessToken } }',
    { email, password },
  );
  if (!data) throw new Error(`Sign-in failed: ${JSON.stringify(errors)}`);
  return new SignedInClient(url, data.signIn.accessToken);
}
