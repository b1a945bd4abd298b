import type { Target } from "./queries";

/** Where an alias leads, in words: "@3", or "@2 80 %, @3 20 %". */
export function shares(targets: Target[]): string {
  const all = targets.reduce((sum, { weight = 1 }) => sum + weight, 0);
  if (targets.length === 1 || all === 0)
    return targets.map(({ version }) => `@${version}`).join(", ");
  return targets
    .map(({ version, weight = 1 }) => `@${version} ${Math.round((100 * weight) / all)} %`)
    .join(", ");
}

/** All traffic to one version, or `share` percent of it to a second one. */
export function split(first: number, second: number | null, share: number): Target[] {
  if (second === null || second === first || share <= 0) return [{ version: first, weight: 1 }];
  if (share >= 100) return [{ version: second, weight: 1 }];
  return [
    { version: first, weight: 100 - share },
    { version: second, weight: share },
  ];
}
