import { Badge, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Confirm } from "../ui/confirm";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { said } from "../ui/said";
import { Codes } from "./codes";
import { ItIsMe } from "./itIsMe";
import {
  factorsQuery,
  newRecoveryCodes,
  recoveryCodes,
  removeTotp,
  type RecoveryCodes,
} from "./queries";
import { SetUpTotp } from "./setUpTotp";
import { useFactorChange } from "./useFactorChange";

/** One-time codes and the recovery codes that come with any second step. */
export function SecondStep() {
  const factors = useQuery(factorsQuery);
  const [settingUp, setUp] = useDisclosure();
  const show = useFactorChange(recoveryCodes);
  const on = factors.data?.some(({ type }) => type === "totp");
  const codes = factors.data?.find((factor) => factor.type === "recovery_codes");
  return (
    <Panel title="Two-step sign-in">
      {factors.error && <Failure error={factors.error} retry={() => void factors.refetch()} />}
      {factors.isPending && <Skeleton height={72} />}
      {factors.data && (
        <Stack>
          <Line
            name="Authenticator app"
            about="A code from an app on your phone, after the password."
            state={
              <Badge variant="dot" color={on ? "teal" : "gray"}>
                {on ? "on" : "off"}
              </Badge>
            }
          >
            {on ? <Remove /> : <Button onClick={setUp.open}>Set up</Button>}
          </Line>
          {codes && <Recovery codes={codes} show={() => show.mutate(undefined)} />}
          {show.error && <Failure error={show.error} />}
        </Stack>
      )}
      {settingUp && (
        <SetUpTotp
          onClose={setUp.close}
          onDone={() => {
            setUp.close();
            show.mutate(undefined);
          }}
        />
      )}
      {show.data?.unused_codes && <Codes codes={show.data.unused_codes} onClose={show.reset} />}
      <ItIsMe change={show} />
    </Panel>
  );
}

interface LineProps {
  name: string;
  about: string;
  state?: ReactNode;
  children: ReactNode;
}

function Line({ name, about, state, children }: LineProps) {
  return (
    <Group justify="space-between">
      <div>
        <Group gap="xs">
          <Text size="sm" fw={500}>
            {name}
          </Text>
          {state}
        </Group>
        <Text size="sm" c="dimmed">
          {about}
        </Text>
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}

function Remove() {
  const [asking, ask] = useDisclosure();
  const remove = useFactorChange(removeTotp, () => said("The authenticator app is removed."));
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        Remove the app
      </Button>
      <Confirm
        opened={asking}
        title="Remove the authenticator app?"
        action="Remove"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined)}
        onClose={ask.close}
      >
        Its codes are refused from then on. Without a passkey, the password alone signs you in.
      </Confirm>
      <ItIsMe change={remove} />
    </>
  );
}

function Recovery({ codes, show }: { codes: RecoveryCodes; show: () => void }) {
  const renew = useFactorChange(newRecoveryCodes);
  return (
    <Line
      name="Recovery codes"
      about={`${codes.unused_code_count} of ${codes.total_code_count} are not used yet.`}
    >
      <Button variant="default" onClick={show}>
        Show them
      </Button>
      <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate(undefined)}>
        Make new ones
      </Button>
      {renew.error && <Failure error={renew.error} />}
      {renew.data?.unused_codes && <Codes codes={renew.data.unused_codes} onClose={renew.reset} />}
      <ItIsMe change={renew} />
    </Line>
  );
}
