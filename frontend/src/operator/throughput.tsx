import { useQuery } from "@tanstack/react-query";
import { Daily } from "../charts/daily";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { compact, count, duration, exactUsd, percent, usd } from "../ui/format";
import { startOf } from "../usage/range";
import { staffStatsQuery } from "./queries";

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
      <Daily rows={data?.data} whose=" of all accounts" />
    </>
  );
}
