import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { Failure } from "./failure";
import { dateTime } from "./format";

/** Above what an earlier look brought: why there is no newer one. Nothing while all is well. */
export function Stale({ of: { data, error, dataUpdatedAt, refetch } }: { of: UseQueryResult }) {
  if (!error) return null;
  return (
    <>
      <Failure error={error} retry={() => void refetch()} />
      {data !== undefined && (
        <Text size="sm" c="dimmed">
          What follows was last looked at {dateTime(new Date(dataUpdatedAt).toISOString())}.
        </Text>
      )}
    </>
  );
}
