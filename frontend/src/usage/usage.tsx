import { Skeleton, Stack } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { saveCsv } from "../api/csv";
import type { UsageRow } from "../api/types";
import { Chart } from "../charts/lazy";
import { series, times } from "../charts/series";
import { Csv } from "../ui/csv";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { compact, count, exactUsd, percent, usd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Filters } from "./filters";
import { Narrow } from "./narrow";
import { nothing, Numbers } from "./numbers";
import { usageQuery, type UsageFilter } from "./queries";
import { RANGES, startOf } from "./range";
import { Requests } from "./requests";
import {
  byOf,
  filterOf,
  GROUPS,
  rangeOf,
  SHOWS,
  showOf,
  type Show,
  type UsageSearch,
} from "./search";

const value = (row: UsageRow, show: Show): number =>
  show === "cost"
    ? Number(row.cost)
    : show === "requests"
      ? row.requests
      : row.prompt_tokens + row.completion_tokens;

export default function Usage() {
  const search = useSearch({ from: "/inside/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const range = rangeOf(search);
  const by = byOf(search);
  const show = showOf(search);
  const which = filterOf(search);
  const { bucket } = RANGES[range];
  const start = startOf(range);
  const set = (change: UsageSearch) =>
    void navigate({ search: (past) => ({ ...past, ...change }), replace: true });

  const grouped = useQuery(usageQuery(start, by, which));
  const timed = useQuery(usageQuery(start, `${bucket},${by}`, which));
  const total = grouped.data?.total;
  const rows =
    grouped.data && [...grouped.data.data].sort((a, b) => value(b, show) - value(a, show));
  return (
    <Page
      title="Usage"
      about="Every token, to the request that it belongs to. Times are in UTC."
      actions={<Csv save={() => saveUsage(start, `${bucket},${by}`, which)} />}
    >
      <Stack gap="xs">
        <Filters search={search} onChange={set} />
        <Narrow search={search} onChange={set} />
      </Stack>
      <Figures>
        <Figure
          label="Cost"
          value={total && usd(total.cost)}
          title={total && exactUsd(total.cost)}
        />
        <Figure label="Requests" value={total && count(total.requests)} />
        <Figure
          label="Prompt tokens"
          value={total && compact(total.prompt_tokens)}
          note={total && `${percent(total.cached_tokens, total.prompt_tokens)} cached`}
        />
        <Figure label="Output tokens" value={total && compact(total.completion_tokens)} />
      </Figures>
      {rows?.length === 0 ? (
        <Panel>
          <Empty icon={IconChartBar} title="Nothing was used in this time">
            Choose a longer time or fewer filters above, or make a call.
          </Empty>
        </Panel>
      ) : (
        <>
          <Panel title={`${SHOWS[show]} by ${GROUPS[by].toLowerCase()}`}>
            {timed.error ? (
              <Failure error={timed.error} retry={() => void timed.refetch()} />
            ) : timed.data === undefined ? (
              <Skeleton height={260} />
            ) : (
              <Chart
                label={`${SHOWS[show]} by ${GROUPS[by].toLowerCase()} for each ${bucket}`}
                bucket={bucket}
                unit={show === "cost" ? "usd" : "count"}
                series={series(
                  timed.data.data,
                  times(Date.parse(start), Date.parse(timed.data.end), bucket),
                  {
                    time: (row) => row[bucket] ?? "",
                    name: (row) => row[by] || nothing(by),
                    value: (row) => value(row, show),
                  },
                )}
              />
            )}
          </Panel>
          <Numbers by={by} rows={rows} query={grouped} />
        </>
      )}
      <Requests search={search} start={start} onChange={set} />
    </Page>
  );
}

function saveUsage(start: string, groups: string, which: UsageFilter): Promise<void> {
  const given = Object.entries(which).filter(([, value]) => value !== undefined);
  const narrow = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  const query = { ...narrow, start, group_by: groups };
  return saveCsv("/v1/usage", query, `usage-${start.slice(0, 10)}`);
}
