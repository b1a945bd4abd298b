import { Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconStack2, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMay } from "../api/session";
import type { Adapter, Version } from "../api/types";
import { Empty } from "../ui/empty";
import { bytes, count } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { adaptersQuery, statusQuery } from "./queries";
import { Place } from "./place";
import { State } from "./state";
import { UploadDialog } from "./uploadDialog";
import { TextLink } from "../ui/links";

const newest = (adapter: Adapter): Version | undefined =>
  adapter.versions.reduce<Version | undefined>(
    (best, each) => (best === undefined || each.version > best.version ? each : best),
    undefined,
  );

export default function Adapters() {
  const adapters = useQuery(adaptersQuery);
  const status = useQuery(statusQuery);
  const may = useMay("adapters:write");
  const [opened, dialog] = useDisclosure();
  const places = new Map(status.data?.adapters.map(({ model, place }) => [model, place]));
  const add = may ? (
    <Button leftSection={<IconUpload size={16} />} onClick={dialog.open}>
      Upload an adapter
    </Button>
  ) : undefined;
  const columns: Column<Adapter>[] = [
    {
      name: "Model",
      show: ({ name, model }) => (
        <TextLink to="/adapters/$name" params={{ name }} fw={500} size="sm">
          {model}
        </TextLink>
      ),
    },
    { name: "Base", show: ({ base_model }) => base_model },
    {
      name: "Newest",
      show: (adapter) => {
        const version = newest(adapter);
        return version === undefined ? (
          <Text size="sm" c="dimmed">
            no version
          </Text>
        ) : (
          <State of={version.state} />
        );
      },
    },
    {
      name: "Place",
      show: (adapter) => (
        <Place
          of={
            places.get(`${adapter.model}@${newest(adapter)?.version}`) ?? places.get(adapter.model)
          }
        />
      ),
    },
    { name: "Versions", number: true, show: ({ version_count }) => count(version_count) },
    { name: "Rank", number: true, show: (adapter) => newest(adapter)?.rank ?? "" },
    {
      name: "Size",
      number: true,
      show: (adapter) => {
        const size = newest(adapter)?.size;
        return size == null ? "" : bytes(size);
      },
    },
    { name: "Created", number: true, show: ({ created_at }) => <Time at={created_at} /> },
  ];
  return (
    <Page
      title="Adapters"
      about="Each is a model of this account and of nobody else's. It answers seconds after its upload."
      actions={add}
    >
      <Panel flush>
        <Rows
          label="Adapters"
          columns={columns}
          rows={adapters.data?.data}
          id={({ model }) => model}
          error={adapters.error}
          retry={() => void adapters.refetch()}
          empty={
            <Empty icon={IconStack2} title="No adapter yet" action={add}>
              Train one with PEFT on a base of this installation, then upload its two files.
            </Empty>
          }
        />
      </Panel>
      <UploadDialog opened={opened} onClose={dialog.close} title="Upload an adapter" />
    </Page>
  );
}
