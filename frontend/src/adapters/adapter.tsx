import { Breadcrumbs, Button, Skeleton, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMessages, IconTrash, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMay } from "../api/session";
import { Confirm } from "../ui/confirm";
import { Copyable } from "../ui/copyable";
import { Failure } from "../ui/failure";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Aliases } from "./aliases";
import { Facts } from "./facts";
import { adapterQuery, useDeleteAdapter } from "./queries";
import { Refusal } from "./refusal";
import { UploadDialog } from "./uploadDialog";
import { Versions } from "./versions";
import { ButtonLink, TextLink } from "../ui/links";

export default function AdapterPage() {
  const { name } = useParams({ from: "/inside/adapters/$name" });
  const navigate = useNavigate();
  const { data: adapter, error, refetch } = useQuery(adapterQuery(name));
  const may = useMay("adapters:write");
  const [uploading, upload] = useDisclosure();
  const [deleting, confirm] = useDisclosure();
  const remove = useDeleteAdapter(name, () => void navigate({ to: "/adapters" }));
  const versions = [...(adapter?.versions ?? [])].sort((a, b) => b.version - a.version);
  const ready = versions.find((version) => version.state === "ready");

  return (
    <Stack gap="sm">
      <Breadcrumbs>
        <TextLink to="/adapters" size="sm">
          Adapters
        </TextLink>
      </Breadcrumbs>
      <Page
        title={adapter?.model ?? name}
        about={adapter && <Copyable value={adapter.model} label="Copy the model's name" />}
        actions={
          adapter && (
            <>
              <ButtonLink
                to="/playground"
                search={{ models: `${adapter.base_model},${adapter.model}` }}
                variant="default"
                leftSection={<IconMessages size={16} />}
              >
                Compare with its base
              </ButtonLink>
              {may && (
                <Button leftSection={<IconUpload size={16} />} onClick={upload.open}>
                  New version
                </Button>
              )}
            </>
          )
        }
      >
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!adapter && !error && <Skeleton height={180} />}
        {versions[0] && <Refusal version={versions[0]} />}
        {ready && (
          <Panel title={`Version ${ready.version}`}>
            <Facts version={ready} />
          </Panel>
        )}
        {adapter && <Versions adapter={adapter} versions={versions} may={may} />}
        {adapter && <Aliases adapter={adapter} may={may} />}
        {adapter && may && (
          <Panel title="Delete">
            <Button
              color="red"
              variant="light"
              leftSection={<IconTrash size={16} />}
              onClick={confirm.open}
            >
              Delete this adapter
            </Button>
          </Panel>
        )}
      </Page>
      {adapter && (
        <UploadDialog
          opened={uploading}
          onClose={upload.close}
          title="New version"
          fixed={{ name, base: adapter.base_model }}
        />
      )}
      <Confirm
        opened={deleting}
        title={`Delete ${adapter?.model ?? name}?`}
        action="Delete"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={confirm.close}
      >
        All its versions and their files go. Streams that run are finished; new calls get “model not
        found”. Usage and receipts stay.
      </Confirm>
    </Stack>
  );
}
