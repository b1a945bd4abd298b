import { ActionIcon, Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconRobot, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../api/schema";
import type { Role } from "../api/types";
import { Confirm } from "../ui/confirm";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { createService, deleteService, ROLES, servicesQuery, useTeamChange } from "./queries";

type Service = components["schemas"]["ServiceAccountOut"];
const GRANTABLE = Object.keys(ROLES).filter((role) => role !== "owner");

export function Services({ may }: { may: boolean }) {
  const services = useQuery(servicesQuery);
  const [opened, dialog] = useDisclosure();
  const [doomed, setDoomed] = useState<Service | null>(null);
  const remove = useTeamChange(deleteService, () => setDoomed(null));
  const columns: Column<Service>[] = [
    { name: "Name", show: ({ name }) => name },
    { name: "Role", show: ({ role }) => role },
    { name: "Made by", show: ({ created_by }) => created_by ?? "" },
    { name: "Created", number: true, show: ({ created_at }) => <Time at={created_at} /> },
    ...(may
      ? [
          {
            name: "Delete",
            hidden: true,
            number: true,
            show: (service: Service) => (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete ${service.name}`}
                onClick={() => setDoomed(service)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel
      title="Service accounts"
      flush
      actions={
        may && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={dialog.open}
          >
            New
          </Button>
        )
      }
    >
      <Rows
        label="Service accounts"
        columns={columns}
        rows={services.data?.data}
        id={({ id }) => id}
        error={services.error}
        retry={() => void services.refetch()}
        empty={
          <Empty icon={IconRobot} title="No service account">
            A member that is no person: its keys outlive whoever made them.
          </Empty>
        }
      />
      <NewService opened={opened} onClose={dialog.close} />
      <Confirm
        opened={doomed !== null}
        title={`Delete ${doomed?.name ?? ""}?`}
        action="Delete"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => doomed && remove.mutate(doomed.id)}
        onClose={() => setDoomed(null)}
      >
        Its keys are revoked with it.
      </Confirm>
    </Panel>
  );
}

function NewService({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const form = useForm({
    initialValues: { name: "", role: "developer" as Exclude<Role, "owner"> },
  });
  const create = useTeamChange(createService, () => {
    form.reset();
    onClose();
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="New service account"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack>
          {create.error && <Failure error={create.error} />}
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <Select
            label="Role"
            data={GRANTABLE}
            allowDeselect={false}
            {...form.getInputProps("role")}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending}>
              Create it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
