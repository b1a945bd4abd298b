/** The readable CSRF cookie; it changes at sign-in, so it is read for each call. */
export function csrf(): string {
  const found = /(?:^|;\s*)motet_csrf=([^;]*)/.exec(document.cookie);
  return found?.[1] ?? "";
}
