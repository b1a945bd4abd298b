type Fields = Record<string, unknown> | null;

/** What became of the fields of an entry of the audit log, in words. */
export function changed(before: Fields, after: Fields): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .map((name) => ({ name, was: before?.[name] ?? null, is: after?.[name] ?? null }))
    .filter(({ was, is }) => text(was) !== text(is))
    .map(({ name, was, is }) =>
      was === null ? `${name}: ${text(is)}` : `${name}: ${text(was)} → ${text(is)}`,
    )
    .join(", ");
}

function text(value: unknown): string {
  if (value === null) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
