/** Labels as people write them: one `key=value` a line. */
export function parseLabels(text: string): { key: string; value: string }[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? { key: line, value: '' } : { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
    });
}

export function labelText(labels: readonly { key: string; value: string }[]): string {
  return labels.map(({ key, value }) => `${key}=${value}`).join('\n');
}
