import { Breadcrumbs, SimpleGrid, Skeleton, Stack } from "@mantine/core";
import { IconMessages, IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { adaptersQuery } from "../adapters/queries";
import { useMay } from "../api/session";
import type { components } from "../api/schema";
import type { Adapter } from "../api/types";
import { CallCode } from "../chat/code";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { Fact } from "../ui/fact";
import { Failure } from "../ui/failure";
import { count, exactUsd } from "../ui/format";
import { ButtonLink, TextLink } from "../ui/links";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { catalogQuery } from "./queries";

type Entry = components["schemas"]["CatalogEntryOut"];

/** One base: what it can, what it costs, how it is called, and the adapters on it. */
export default function ModelPage() {
  const { id } = useParams({ from: "/inside/models/$id" });
  const catalog = useQuery(catalogQuery);
  const mayAdapters = useMay("adapters:read");
  const entry = catalog.data?.data.find((each) => each.id === id);
  return (
    <Stack gap="sm">
      <Breadcrumbs>
        <TextLink to="/models" size="sm">
          Models
        </TextLink>
      </Breadcrumbs>
      <Page
        title={id}
        about={entry && <Copyable value={id} label="Copy the model's name" />}
        actions={
          entry && (
            <ButtonLink
              to="/playground"
              search={{ models: id }}
              leftSection={<IconMessages size={16} />}
            >
              Try it
            </ButtonLink>
          )
        }
      >
        {catalog.error && <Failure error={catalog.error} retry={() => void catalog.refetch()} />}
        {catalog.isPending && <Skeleton height={180} />}
        {catalog.data && !entry && (
          <Empty icon={IconStack2} title="No such base is served here">
            Adapters have pages of their own.
          </Empty>
        )}
        {entry && (
          <>
            <Properties of={entry} />
            <Panel title="Call it">
              <CallCode
                call={{
                  base: `${location.origin}/v1`,
                  key: null,
                  model: id,
                  prompt: "Hello",
                }}
              />
            </Panel>
            {mayAdapters && <Adapters base={id} />}
          </>
        )}
      </Page>
    </Stack>
  );
}

function Properties({ of: { family, context_length, price, capabilities, lora } }: { of: Entry }) {
  return (
    <Panel title="Properties">
      <SimpleGrid component="dl" cols={{ base: 2, sm: 3, lg: 4 }} spacing="md" m={0}>
        <Fact name="Family">{family}</Fact>
        <Fact name="Context">{count(context_length)} tokens</Fact>
        <Fact name="Can">{capabilities.join(", ")}</Fact>
        <Fact name="Adapter rank">up to {lora.max_rank}</Fact>
        <Fact name="Input, a million tokens">{price ? exactUsd(price.input) : "no price yet"}</Fact>
        <Fact name="Cached input, a million tokens">
          {price ? exactUsd(price.cached_input) : "no price yet"}
        </Fact>
        <Fact name="Output, a million tokens">
          {price ? exactUsd(price.output) : "no price yet"}
        </Fact>
        <Fact name="Adapters may change">{lora.projections.join(", ")}</Fact>
      </SimpleGrid>
    </Panel>
  );
}

const COLUMNS: Column<Adapter>[] = [
  {
    name: "Model",
    show: ({ name, model }) => (
      <TextLink to="/adapters/$name" params={{ name }} size="sm">
        {model}
      </TextLink>
    ),
  },
  { name: "Versions", number: true, show: ({ version_count }) => count(version_count) },
  { name: "Created", number: true, show: ({ created_at }) => <Time at={created_at} /> },
];

function Adapters({ base }: { base: string }) {
  const adapters = useQuery(adaptersQuery);
  return (
    <Panel title="Your adapters on it" flush>
      <Rows
        label="Your adapters on it"
        columns={COLUMNS}
        rows={adapters.data?.data.filter(({ base_model }) => base_model === base)}
        id={({ model }) => model}
        error={adapters.error}
        retry={() => void adapters.refetch()}
        empty={
          <Empty icon={IconStack2} title="No adapter on this base yet">
            Train one with PEFT, then upload its two files.
          </Empty>
        }
      />
    </Panel>
  );
}
