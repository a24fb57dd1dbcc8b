import { TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { PreparedOperation } from './prepared-operation.js';

/** Whether an operation selects a field declared `@personal`, through fragments too. */
export function selectsPersonal({ generation, document }: PreparedOperation): boolean {
  const info = new TypeInfo(generation.schema);
  let found = false;
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name }) => {
        const parent = info.getParentType();
        if (parent && generation.declared.isPersonal(parent.name, name.value)) found = true;
      },
    }),
  );
  return found;
}
