import { Button, Skeleton, Text } from "@mantine/core";
import { IconChartBar, IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { UsageRow } from "../api/types";
import { Chart } from "../charts/lazy";
import { series, times } from "../charts/series";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { compact, count, exactUsd, percent, usd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { download } from "./csv";
import { Filters, GROUPS, SHOWS, type By, type Show } from "./filters";
import { usageQuery } from "./queries";
import { isRange, RANGES, startOf } from "./range";
import { Requests } from "./requests";

const value = (row: UsageRow, show: Show): number =>
  show === "cost"
    ? Number(row.cost)
    : show === "requests"
      ? row.requests
      : row.prompt_tokens + row.completion_tokens;

export default function Usage() {
  const search = useSearch({ from: "/inside/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const range = isRange(search.range) ? search.range : "7d";
  const by: By = search.by !== undefined && search.by in GROUPS ? (search.by as By) : "model";
  const show: Show =
    search.show !== undefined && search.show in SHOWS ? (search.show as Show) : "cost";
  const { bucket } = RANGES[range];
  const start = startOf(range);
  const set = (change: object) =>
    void navigate({ search: (past) => ({ ...past, ...change }), replace: true });

  const grouped = useQuery(usageQuery(start, by));
  const timed = useQuery(usageQuery(start, `${bucket},${by}`));
  const csv = useMutation({ mutationFn: () => download(start, `${bucket},${by}`) });
  const total = grouped.data?.total;
  const rows =
    grouped.data && [...grouped.data.data].sort((a, b) => value(b, show) - value(a, show));

  const columns: Column<UsageRow>[] = [
    {
      name: GROUPS[by],
      show: (row) =>
        row[by] || (
          <Text span c="dimmed" inherit>
            {by === "version" ? "base" : "none"}
          </Text>
        ),
    },
    { name: "Requests", number: true, show: (row) => count(row.requests) },
    { name: "Prompt", number: true, show: (row) => count(row.prompt_tokens) },
    { name: "Cached", number: true, show: (row) => count(row.cached_tokens) },
    { name: "Output", number: true, show: (row) => count(row.completion_tokens) },
    { name: "Cost", number: true, show: (row) => <Amount of={row.cost} exact /> },
  ];
  const empty = (
    <Empty icon={IconChartBar} title="Nothing was used in this time">
      Choose a longer time above, or make a call.
    </Empty>
  );
  return (
    <Page
      title="Usage"
      about="Every token, to the request that it belongs to. Times are in UTC."
      actions={
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          loading={csv.isPending}
          onClick={() => csv.mutate()}
        >
          CSV
        </Button>
      }
    >
      {csv.error && <Failure error={csv.error} />}
      <Filters range={range} by={by} show={show} onChange={set} />
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
      <Panel title={`${SHOWS[show]} by ${GROUPS[by].toLowerCase()}`}>
        {timed.error ? (
          <Failure error={timed.error} retry={() => void timed.refetch()} />
        ) : timed.data === undefined ? (
          <Skeleton height={260} />
        ) : timed.data.data.length === 0 ? (
          empty
        ) : (
          <Chart
            label={`${SHOWS[show]} by ${GROUPS[by].toLowerCase()} for each ${bucket}`}
            bucket={bucket}
            format={show === "cost" ? usd : compact}
            series={series(
              timed.data.data,
              times(Date.parse(start), Date.parse(timed.data.end), bucket),
              {
                time: (row) => row[bucket] ?? "",
                name: (row) => row[by] || (by === "version" ? "base" : "none"),
                value: (row) => value(row, show),
              },
            )}
          />
        )}
      </Panel>
      <Panel title="In numbers" flush>
        <Rows
          label={`Usage by ${GROUPS[by].toLowerCase()}`}
          columns={columns}
          rows={rows}
          id={(row) => row[by] ?? ""}
          error={grouped.error}
          retry={() => void grouped.refetch()}
          empty={empty}
        />
      </Panel>
      <Requests search={search} start={start} onChange={set} />
    </Page>
  );
}
