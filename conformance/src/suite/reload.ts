import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { BASE, type GraphShape } from '../graph/sdl.js';
import { composeSupergraph, type SubgraphUrls } from '../graph/supergraph.js';
import { poll } from './waits.js';

export interface ReloadOptions {
  file: string;
  urls: SubgraphUrls;
  graphqlUrl: () => string;
  directives: boolean;
  /** For gateways that do not watch the file: run after each change, through the shell. */
  command: string | undefined;
  deadlineMs: number;
}

/** The supergraph file that the gateway under test loads, and what the suite makes of it. */
export class Reload {
  private shape: GraphShape;
  private text = '';
  private longest = 0;
  private spoiled = false;

  constructor(private readonly options: ReloadOptions) {
    this.shape = { ...BASE, directives: options.directives };
  }

  /** Before the gateway starts. */
  async writeFirst(): Promise<void> {
    this.text = composeSupergraph(this.shape, this.options.urls);
    await this.write(this.text);
  }

  async copyTo(file: string): Promise<string> {
    await writeFile(file, this.text);
    return file;
  }

  /** A new supergraph with this difference and one more marker; resolves when the gateway serves it. */
  async to(change: Partial<Pick<GraphShape, 'colourIn' | 'placeIn'>> = {}): Promise<void> {
    this.next(change);
    await this.write(this.text);
    await this.tell();
    await this.served();
  }

  /** The same by another file that takes the first one's place, as deployments and mounted volumes do it. */
  async toByRename(): Promise<void> {
    this.next({});
    await writeFile(`${this.options.file}.new`, this.text);
    await rename(`${this.options.file}.new`, this.options.file);
    await this.tell();
    await this.served();
  }

  /** As `to`, but only when the graph is not in this shape already. */
  async ensure(wanted: Pick<GraphShape, 'colourIn' | 'placeIn'>): Promise<void> {
    const { colourIn, placeIn } = this.shape;
    if (colourIn !== wanted.colourIn || placeIn !== wanted.placeIn) await this.to(wanted);
  }

  /** The same text again. */
  async rewrite(): Promise<void> {
    await this.write(this.text);
    await this.tell();
  }

  /** Something that is no supergraph. What was good goes on being remembered. */
  async spoil(): Promise<void> {
    this.spoiled = true;
    await this.write(`${this.text}\ntype Broken { this is no schema`);
    await this.tell();
  }

  /** A new supergraph, the first half of which stands in the file for `betweenMs`. */
  async toInHalves(betweenMs: number): Promise<void> {
    this.next({});
    this.spoiled = true;
    await writeFile(this.options.file, this.text.slice(0, this.text.length / 2));
    await this.tell();
    await new Promise((resolve) => setTimeout(resolve, betweenMs));
    await writeFile(this.options.file, this.text);
    this.spoiled = false;
    await this.tell();
    await this.served();
  }

  /** Whatever a case has left in the file: the last good supergraph. */
  async heal(): Promise<void> {
    if (!this.spoiled) return;
    this.spoiled = false;
    await this.rewrite();
  }

  private next(change: Partial<GraphShape>): void {
    this.shape = { ...this.shape, ...change, markers: this.shape.markers + 1 };
    this.text = composeSupergraph(this.shape, this.options.urls);
  }

  private async served(): Promise<void> {
    const marker = `marker${this.shape.markers}`;
    const ask = async () => {
      try {
        const response = await fetch(this.options.graphqlUrl(), {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ query: `{ ${marker} }` }),
          signal: AbortSignal.timeout(5_000),
        });
        const { data } = (await response.json()) as { data?: Record<string, unknown> | null };
        return data?.[marker] === true;
      } catch {
        return false;
      }
    };
    await poll(ask, 'the gateway does not serve the new supergraph', this.options.deadlineMs);
  }

  /**
   * Into the file as it stands, by one write that never leaves it empty or half: what the others read meanwhile is the
   * old text or the new one. Cases about careless writers say so.
   */
  private async write(text: string): Promise<void> {
    this.longest = Math.max(this.longest, Buffer.byteLength(text));
    const padded = text + '\n'.repeat(this.longest - Buffer.byteLength(text));
    const file = await open(this.options.file, constants.O_WRONLY | constants.O_CREAT);
    await file.write(padded, 0);
    await file.close();
  }

  private async tell(): Promise<void> {
    const { command } = this.options;
    if (!command) return;
    const child = spawn(command, { shell: true, stdio: ['ignore', 'ignore', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => resolve());
    });
  }
}
