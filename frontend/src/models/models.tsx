import { Stack, Text } from "@mantine/core";
import { IconCube } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { Empty } from "../ui/empty";
import { count, exactUsd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { catalogQuery } from "./queries";
import { TextLink } from "../ui/links";

type Entry = components["schemas"]["CatalogEntryOut"];

const COLUMNS: Column<Entry>[] = [
  {
    name: "Model",
    show: ({ id, family }) => (
      <Stack gap={0}>
        <TextLink to="/models/$id" params={{ id }} fw={500} size="sm">
          {id}
        </TextLink>
        <Text size="xs" c="dimmed">
          {family}
        </Text>
      </Stack>
    ),
  },
  {
    name: "Can",
    show: ({ capabilities }) => (
      <Text size="sm" c="dimmed" maw={220}>
        {capabilities.join(", ")}
      </Text>
    ),
  },
  {
    name: "Context",
    number: true,
    show: ({ context_length }) => `${count(context_length)} tokens`,
  },
  { name: "Adapter rank", number: true, show: ({ lora }) => `up to ${lora.max_rank}` },
  { name: "Input, 1M", number: true, show: ({ price }) => price && exactUsd(price.input) },
  { name: "Cached, 1M", number: true, show: ({ price }) => price && exactUsd(price.cached_input) },
  { name: "Output, 1M", number: true, show: ({ price }) => price && exactUsd(price.output) },
  {
    name: "Try",
    hidden: true,
    number: true,
    show: ({ id }) => (
      <TextLink to="/playground" search={{ models: id }} size="sm">
        Try<span className="visually-hidden"> {id}</span>
      </TextLink>
    ),
  },
];

export default function Models() {
  const catalog = useQuery(catalogQuery);
  return (
    <Page
      title="Models"
      about="The bases that are served here. An adapter costs what its base costs."
    >
      <Panel flush>
        <Rows
          label="Models"
          columns={COLUMNS}
          rows={catalog.data?.data}
          id={({ id }) => id}
          error={catalog.error}
          retry={() => void catalog.refetch()}
          empty={
            <Empty icon={IconCube} title="No base is served">
              The operator adds one with `motet models add`.
            </Empty>
          }
        />
      </Panel>
      <Text size="xs" c="dimmed">
        Prices are in USD for a million tokens.
      </Text>
    </Page>
  );
}
