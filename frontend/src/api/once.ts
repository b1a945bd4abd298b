/** A new name under which a request takes effect once, however often it is sent. */
export function onceName(): string {
  // Not randomUUID: that is there on HTTPS and localhost alone.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
