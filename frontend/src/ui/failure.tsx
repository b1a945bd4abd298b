import { Alert, Anchor, Button, Code, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { hasEnded, signInAddress } from "../api/ended";
import { Problem } from "../api/problem";

interface FailureProps {
  error: unknown;
  retry?: () => void;
}

/** What went wrong, in the server's own words, with its code for support. */
export function Failure({ error, retry }: FailureProps) {
  const known = error instanceof Problem ? error : null;
  if (hasEnded(error)) return <Ended />;
  const lacking = known?.code === "missing_scope";
  return (
    <Alert
      color={lacking ? "gray" : "red"}
      variant="light"
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={lacking ? "Your role does not include this" : undefined}
    >
      <Text size="sm">
        {lacking
          ? "An owner or admin of the account can give you a role that does."
          : (known?.message ?? "Something went wrong in this page. Reload it to go on.")}
      </Text>
      {known?.requestId && !lacking && (
        <Text size="xs" mt={4}>
          Request <Code>{known.requestId}</Code>
        </Text>
      )}
      {retry !== undefined && !lacking && (
        <Button size="xs" variant="default" mt="sm" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** In a tab of its own, so that what was typed here is still there after the sign-in. */
function Ended() {
  return (
    <Alert color="red" variant="light" role="alert" title="Your session has ended">
      <Text size="sm">
        <Anchor href={signInAddress()} target="_blank" inherit underline="always">
          Sign in
        </Anchor>{" "}
        in another tab, then try again here.
      </Text>
    </Alert>
  );
}
