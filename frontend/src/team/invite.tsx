import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Role } from "../api/types";
import { Failure } from "../ui/failure";
import { said } from "../ui/said";
import { invite, ROLES, useTeamChange } from "./queries";

export function Invite({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const form = useForm({ initialValues: { email: "", role: "developer" as Role } });
  const sending = useTeamChange(invite, () => {
    said("The invitation is on its way. It is good for a week.");
    form.reset();
    onClose();
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Invite to the account"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={form.onSubmit((values) => sending.mutate(values))}>
        <Stack>
          {sending.error && <Failure error={sending.error} />}
          <TextInput
            label="E-mail"
            type="email"
            required
            withAsterisk={false}
            data-autofocus
            {...form.getInputProps("email")}
          />
          <Select
            label="Role"
            description={ROLES[form.values.role]}
            data={Object.keys(ROLES)}
            allowDeselect={false}
            {...form.getInputProps("role")}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={sending.isPending}>
              Send the invitation
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
