/** Only a path of this site: a link must not lead a fresh session elsewhere. */
export function safe(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : "/";
}
