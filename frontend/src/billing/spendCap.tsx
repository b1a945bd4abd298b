import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CapForm } from "../caps/capForm";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { capsQuery, useAccountCap } from "./queries";

/** What the whole account may spend in a day, a week or a month. */
export function SpendCap() {
  const caps = useQuery(capsQuery);
  const change = useAccountCap();
  const cap = caps.data?.account ?? null;
  return (
    <Panel title="Spend cap">
      <Text size="sm" c="dimmed" mb="sm">
        A request that does not fit is refused before it runs. Each key can have a cap of its own.
      </Text>
      {caps.error && <Failure error={caps.error} retry={() => void caps.refetch()} />}
      {caps.isPending && <Skeleton height={120} />}
      {caps.data && <CapForm cap={cap} change={change} />}
    </Panel>
  );
}
