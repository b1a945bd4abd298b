import { SimpleGrid, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Bucket } from "../api/types";
import { Chart } from "../charts/lazy";
import { series } from "../charts/series";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { compact, count, duration, exactUsd, percent, usd } from "../ui/format";
import { Panel } from "../ui/panel";
import { startOf } from "../usage/range";
import { staffStatsQuery } from "./queries";

const CHARTS = [
  { title: "Requests", value: (row: Bucket) => row.requests },
  { title: "Output tokens", value: (row: Bucket) => row.completion_tokens },
];

/** What all accounts together did in a day. */
export function Throughput() {
  const stats = useQuery(staffStatsQuery(startOf("24h")));
  const { data } = stats;
  const all = data?.total;
  return (
    <>
      {stats.error && <Failure error={stats.error} retry={() => void stats.refetch()} />}
      <Figures>
        <Figure
          label="Charged in 24 hours"
          value={all && usd(all.cost)}
          title={all && exactUsd(all.cost)}
        />
        <Figure
          label="Requests"
          value={all && count(all.requests)}
          note={all && `${percent(all.errors, all.requests)} failed`}
        />
        <Figure label="Output tokens" value={all && compact(all.completion_tokens)} />
        <Figure
          label="First token"
          value={all && (all.ttft_p50_ms === null ? "none yet" : duration(all.ttft_p50_ms))}
          note={
            all && all.ttft_p95_ms !== null ? `95 % within ${duration(all.ttft_p95_ms)}` : undefined
          }
        />
      </Figures>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        {CHARTS.map(({ title, value }) => (
          <Panel key={title} title={title}>
            {data === undefined ? (
              <Skeleton height={180} />
            ) : (
              <Chart
                label={`${title} of all accounts for each hour of the last day`}
                bucket="hour"
                height={180}
                decimals={false}
                format={compact}
                series={series(
                  data.data,
                  data.data.map(({ time }) => time),
                  { time: ({ time }) => time, name: () => title, value },
                )}
              />
            )}
          </Panel>
        ))}
      </SimpleGrid>
    </>
  );
}
