/** What a person's shell says: secrets named in a file as `${NAME}`, and how to sign in where no flag says it. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  return Object.freeze({
    variables: source,
    token: source.PULSEGRAPH_TOKEN || undefined,
    password: source.PULSEGRAPH_PASSWORD || undefined,
  });
}
