import { ago, dateTime } from "./format";

/** How long ago, with the exact moment for whoever points at it. */
export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <>never</>;
  return (
    <time dateTime={at} title={dateTime(at)} style={{ whiteSpace: "nowrap" }}>
      {ago(at)}
    </time>
  );
}
