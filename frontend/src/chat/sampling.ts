/** null: the server's own choice. */
export interface Sampling {
  temperature: number | null;
  top_p: number | null;
  max_tokens: number | null;
  seed: number | null;
}

/** What is set of it, which alone is sent. */
export const given = (sampling: Partial<Sampling>): Partial<Record<keyof Sampling, number>> =>
  Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== null));
