/** What a person typed, without the blanks around it. */
export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** As typed: blanks belong to a password. */
export function secret(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** Null where nothing was typed. */
export function number(form: FormData, name: string): number | null {
  const value = text(form, name);
  return value === '' ? null : Number(value);
}

export function formOf(event: Event): FormData {
  event.preventDefault();
  return new FormData(event.target as HTMLFormElement);
}
