import type { SubgraphName } from './sdl.js';

/** Lets the suite decide when an entity fetch is answered. */
export class Holds {
  private readonly held = new Map<string, { gate: Promise<void>; open: () => void }>();

  /** From now on the subgraph's entity `id` waits. @returns the function that lets it go. */
  hold(subgraph: SubgraphName, id: string): () => void {
    const key = `${subgraph} ${id}`;
    let open = () => undefined as void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const release = () => {
      this.held.delete(key);
      open();
    };
    this.held.set(key, { gate, open: release });
    return release;
  }

  async pass(subgraph: SubgraphName, id: string): Promise<void> {
    await this.held.get(`${subgraph} ${id}`)?.gate;
  }

  releaseAll(): void {
    for (const { open } of [...this.held.values()]) open();
  }
}
