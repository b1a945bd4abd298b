import { Button, Group, PasswordInput, SimpleGrid, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { forgetToken } from "../api/token";
import { changePassword } from "../auth/allauth";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { said } from "../ui/said";

const EYE = { "aria-label": "Show the password" };

export function Password() {
  const form = useForm({ initialValues: { old: "", fresh: "" } });
  const change = useMutation({
    mutationFn: (values: { old: string; fresh: string }) =>
      changePassword(values.old, values.fresh),
    onSuccess: () => {
      forgetToken(); // a new password ends the tokens before it
      form.reset();
      said("The password is changed; other sessions have ended.");
    },
  });
  return (
    <Panel title="Password">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Stack>
          {change.error && <Failure error={change.error} />}
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <PasswordInput
              label="Present password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              visibilityToggleButtonProps={EYE}
              {...form.getInputProps("old")}
            />
            <PasswordInput
              label="New password"
              autoComplete="new-password"
              minLength={10}
              required
              withAsterisk={false}
              visibilityToggleButtonProps={EYE}
              {...form.getInputProps("fresh")}
            />
          </SimpleGrid>
          <Group justify="flex-end">
            <Button type="submit" variant="default" loading={change.isPending}>
              Change it
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
