import type { Client, Connection, Submittable } from 'pg';

/** What pg hands to a query object while a COPY runs; its types leave these out. */
type CopyConnection = Connection & {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** COPY FROM STDIN of one buffer. The statement may have others before it (`begin; copy …`): one round trip for both. */
class CopyIn implements Submittable {
  constructor(
    private readonly statement: string,
    private readonly data: Buffer,
    private readonly done: (error?: Error) => void,
  ) {}

  submit(connection: Connection): void {
    (connection as CopyConnection).query(this.statement);
  }

  handleCopyInResponse(connection: Connection): void {
    const copy = connection as CopyConnection;
    copy.sendCopyFromChunk(this.data);
    copy.endCopyFrom();
  }

  handleError(error: Error): void {
    this.done(error);
  }

  handleReadyForQuery(): void {
    this.done();
  }

  handleCommandComplete(): void {
    // Nothing to count: either every row is in, or there was an error.
  }
}

/** @param data In binary format, header and trailer included. */
export function copyIn(client: Client, statement: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(statement, data, (error) => (error ? reject(error) : resolve())));
  });
}
