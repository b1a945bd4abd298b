import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Failure } from "../ui/failure";
import { TextLink } from "../ui/links";
import { pendingFlow, secondFactor } from "./allauth";
import { CodeForm } from "./code";
import { Frame } from "./frame";
import { passkeySecond } from "./passkey";
import { useStep } from "./useStep";

/** After the password: a passkey or a code, whichever the person has. */
export default function SecondFactor() {
  const flow = useQuery({ queryKey: ["pending-flow"], queryFn: pendingFlow, gcTime: 0 });
  const passkey = useStep(passkeySecond);
  const types = flow.data?.types ?? [];
  const passkeyToo = types.includes("webauthn");
  const app = types.includes("totp");
  return (
    <Frame
      title="Second factor"
      about={
        app
          ? "Type the code that your authenticator shows, or a recovery code."
          : "Use your passkey, or type a recovery code."
      }
    >
      {flow.error && <Failure error={flow.error} retry={() => void flow.refetch()} />}
      {flow.isPending && <Skeleton height={120} />}
      {flow.data === null && (
        <Text size="sm">
          Nobody is signing in here any more.{" "}
          <TextLink to="/login" inherit underline="always">
            Begin again
          </TextLink>
        </Text>
      )}
      {flow.data && (
        <Stack>
          {passkey.error && <Failure error={passkey.error} />}
          {passkeyToo && (
            <Button
              variant={app ? "default" : "filled"}
              loading={passkey.isPending}
              onClick={() => passkey.mutate()}
            >
              Use a passkey
            </Button>
          )}
          <CodeForm label="Code" run={secondFactor} />
        </Stack>
      )}
    </Frame>
  );
}
