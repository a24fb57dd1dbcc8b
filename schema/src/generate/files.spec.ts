import { compose } from '../composition/compose.js';
import { decideFields, undecidedEntities } from './decisions.js';
import { staleFiles } from './files.js';
import { printSubgraphs } from './subgraphs.js';

describe('the committed schema', () => {
  it('is what the code of the subgraphs says, and composes; so is docs/reference/permissions.md', () => {
    expect(staleFiles()).toEqual([]);
  });
});

describe('who may read what', () => {
  const { supergraphSdl } = compose(printSubgraphs());

  it('is decided for every field: put @Requires or @OpenTo on what is listed here', () => {
    const fields = decideFields(supergraphSdl);
    expect(fields.filter(({ decisions }) => decisions.length === 0).map(({ field }) => field)).toEqual([]);
    expect(fields.length).toBeGreaterThan(200);
  });

  it('is said by every entity itself, because entities are fetched past the root fields', () => {
    expect(undecidedEntities(supergraphSdl)).toEqual([]);
  });

  it('notices a root field that says nothing', () => {
    const forgetful = supergraphSdl.replace(/(\n {2}fleetStatus\(.*) @requiresPermission\(permission: GRAPH_READ\)/, '$1');
    expect(decideFields(forgetful).filter(({ decisions }) => decisions.length === 0)).toContainEqual({
      field: 'Query.fleetStatus',
      decisions: [],
      from: 'parents',
    });
  });
});
