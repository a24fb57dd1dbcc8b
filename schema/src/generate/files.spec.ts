import { staleFiles } from './files.js';

describe('the committed schema', () => {
  it('is what the code of the subgraphs says, and composes', () => {
    expect(staleFiles()).toEqual([]);
  });
});
