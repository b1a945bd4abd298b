import { IconServer } from "@tabler/icons-react";
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Empty } from "../ui/empty";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Stale } from "../ui/stale";
import { Accounts } from "./accounts";
import { Adjustments } from "./adjustments";
import { workersQuery, type Looks } from "./queries";
import { Spend } from "./spend";
import { Throughput } from "./throughput";
import { WorkerPanel } from "./worker";

/** For the staff of the installation. */
export default function Operator() {
  const workers = useQuery(workersQuery);
  return (
    <Page title="Operator" about="All accounts and all workers of this installation.">
      <Throughput />
      <Stale of={workers} />
      {(workers.data ?? !workers.error) && <Workers of={workers.data} />}
      <Spend />
      <Accounts />
      <Adjustments />
    </Page>
  );
}

function Workers({ of: data }: { of: Looks | undefined }) {
  if (!data) return <Skeleton height={260} />;
  if (data.now.length === 0)
    return (
      <Panel title="Workers">
        <Empty icon={IconServer} title="No worker" />
      </Panel>
    );
  return data.now.map((worker) => (
    <WorkerPanel
      key={worker.target}
      worker={worker}
      before={data.before.find(({ target }) => target === worker.target)}
    />
  ));
}
