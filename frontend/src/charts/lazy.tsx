import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ComponentProps } from "react";

const Stacked = lazy(() => import("./stacked"));

/** The chart, whose library comes only with the first one; a bar of its height before that. */
export function Chart(props: ComponentProps<typeof Stacked>) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 260} />}>
      <Stacked {...props} />
    </Suspense>
  );
}
